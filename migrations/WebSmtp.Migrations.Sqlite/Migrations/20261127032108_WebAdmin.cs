using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace WebSmtp.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class WebAdmin : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "Draining",
                table: "Sites",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "StateBy",
                table: "Sites",
                type: "TEXT",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddColumn<DateTime>(
                name: "StateSince",
                table: "Sites",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Transcript",
                table: "CollectorRuns",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "Waiting",
                table: "Collections",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTime>(
                name: "LastUsedAt",
                table: "ApiKeys",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<DateTime>(
                name: "LastLogInAt",
                table: "AdminUsers",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "ScramKeys",
                table: "Accounts",
                type: "BLOB",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "AuditEntries",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false),
                    At = table.Column<DateTime>(type: "TEXT", nullable: false),
                    Actor = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    Role = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    From = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    Through = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    Action = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    Subject = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    Before = table.Column<string>(type: "TEXT", nullable: true),
                    After = table.Column<string>(type: "TEXT", nullable: true),
                    Refusal = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    NormalizedActor = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    NormalizedSubject = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_AuditEntries", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Backlog",
                columns: table => new
                {
                    SiteId = table.Column<int>(type: "INTEGER", nullable: false),
                    Domain = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Minute = table.Column<long>(type: "INTEGER", nullable: false),
                    Messages = table.Column<long>(type: "INTEGER", nullable: false),
                    Bytes = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Backlog", x => new { x.SiteId, x.Domain, x.Minute });
                });

            migrationBuilder.CreateTable(
                name: "CollectionTranscripts",
                columns: table => new
                {
                    CollectionId = table.Column<long>(type: "INTEGER", nullable: false),
                    Text = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_CollectionTranscripts", x => x.CollectionId);
                    table.ForeignKey(
                        name: "FK_CollectionTranscripts_Collections_CollectionId",
                        column: x => x.CollectionId,
                        principalTable: "Collections",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "Traffic",
                columns: table => new
                {
                    SiteId = table.Column<int>(type: "INTEGER", nullable: false),
                    Minute = table.Column<long>(type: "INTEGER", nullable: false),
                    Accepted = table.Column<long>(type: "INTEGER", nullable: false),
                    AcceptedBytes = table.Column<long>(type: "INTEGER", nullable: false),
                    Refused = table.Column<long>(type: "INTEGER", nullable: false),
                    Delivered = table.Column<long>(type: "INTEGER", nullable: false),
                    Deferred = table.Column<long>(type: "INTEGER", nullable: false),
                    Failed = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Traffic", x => new { x.Minute, x.SiteId });
                });

            migrationBuilder.CreateIndex(
                name: "IX_Messages_Large",
                table: "Messages",
                columns: new[] { "SiteId", "Size", "Id" },
                filter: "\"LiveRecipients\" > 0 AND \"Size\" >= 65536");

            migrationBuilder.CreateIndex(
                name: "IX_AuditEntries_NormalizedActor_Id",
                table: "AuditEntries",
                columns: new[] { "NormalizedActor", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_AuditEntries_NormalizedSubject_Id",
                table: "AuditEntries",
                columns: new[] { "NormalizedSubject", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_Backlog_Minute",
                table: "Backlog",
                column: "Minute");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "AuditEntries");

            migrationBuilder.DropTable(
                name: "Backlog");

            migrationBuilder.DropTable(
                name: "CollectionTranscripts");

            migrationBuilder.DropTable(
                name: "Traffic");

            migrationBuilder.DropIndex(
                name: "IX_Messages_Large",
                table: "Messages");

            migrationBuilder.DropColumn(
                name: "Draining",
                table: "Sites");

            migrationBuilder.DropColumn(
                name: "StateBy",
                table: "Sites");

            migrationBuilder.DropColumn(
                name: "StateSince",
                table: "Sites");

            migrationBuilder.DropColumn(
                name: "Transcript",
                table: "CollectorRuns");

            migrationBuilder.DropColumn(
                name: "Waiting",
                table: "Collections");

            migrationBuilder.DropColumn(
                name: "LastUsedAt",
                table: "ApiKeys");

            migrationBuilder.DropColumn(
                name: "LastLogInAt",
                table: "AdminUsers");

            migrationBuilder.DropColumn(
                name: "ScramKeys",
                table: "Accounts");
        }
    }
}
