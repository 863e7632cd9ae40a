using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace WebSmtp.Migrations.PostgreSql.Migrations
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
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "StateBy",
                table: "Sites",
                type: "character varying(256)",
                maxLength: 256,
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<DateTime>(
                name: "StateSince",
                table: "Sites",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Transcript",
                table: "CollectorRuns",
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<int>(
                name: "Waiting",
                table: "Collections",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTime>(
                name: "LastUsedAt",
                table: "ApiKeys",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTime>(
                name: "LastLogInAt",
                table: "AdminUsers",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "ScramKeys",
                table: "Accounts",
                type: "bytea",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "AuditEntries",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false),
                    At = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    Actor = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false, collation: "C"),
                    Role = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false, collation: "C"),
                    From = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false, collation: "C"),
                    Through = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false, collation: "C"),
                    Action = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false, collation: "C"),
                    Subject = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false, collation: "C"),
                    Before = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    After = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    Refusal = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true, collation: "C"),
                    NormalizedActor = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false, collation: "C"),
                    NormalizedSubject = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_AuditEntries", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Backlog",
                columns: table => new
                {
                    SiteId = table.Column<int>(type: "integer", nullable: false),
                    Domain = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false, collation: "C"),
                    Minute = table.Column<long>(type: "bigint", nullable: false),
                    Messages = table.Column<long>(type: "bigint", nullable: false),
                    Bytes = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Backlog", x => new { x.SiteId, x.Domain, x.Minute });
                });

            migrationBuilder.CreateTable(
                name: "CollectionTranscripts",
                columns: table => new
                {
                    CollectionId = table.Column<long>(type: "bigint", nullable: false),
                    Text = table.Column<string>(type: "text", nullable: false, collation: "C")
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
                    SiteId = table.Column<int>(type: "integer", nullable: false),
                    Minute = table.Column<long>(type: "bigint", nullable: false),
                    Accepted = table.Column<long>(type: "bigint", nullable: false),
                    AcceptedBytes = table.Column<long>(type: "bigint", nullable: false),
                    Refused = table.Column<long>(type: "bigint", nullable: false),
                    Delivered = table.Column<long>(type: "bigint", nullable: false),
                    Deferred = table.Column<long>(type: "bigint", nullable: false),
                    Failed = table.Column<long>(type: "bigint", nullable: false)
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
