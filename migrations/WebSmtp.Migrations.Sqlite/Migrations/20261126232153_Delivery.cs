using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace WebSmtp.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Delivery : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Recipients_Due",
                table: "Recipients");

            migrationBuilder.AddColumn<string>(
                name: "Address",
                table: "TraceEvents",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "Milliseconds",
                table: "TraceEvents",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Stage",
                table: "TraceEvents",
                type: "TEXT",
                maxLength: 16,
                nullable: true);

            migrationBuilder.AddColumn<DateTime>(
                name: "DelayReportedAt",
                table: "Recipients",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<DateTime>(
                name: "HeldBackUntil",
                table: "Recipients",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "ViaDomain",
                table: "Recipients",
                type: "TEXT",
                maxLength: 255,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "ViaSmartHost",
                table: "Recipients",
                type: "TEXT",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Policy",
                table: "Messages",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Tls",
                table: "Messages",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "CollectorRuns",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    SiteId = table.Column<int>(type: "INTEGER", nullable: false),
                    Collector = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    StartedAt = table.Column<DateTime>(type: "TEXT", nullable: false),
                    EndedAt = table.Column<DateTime>(type: "TEXT", nullable: true),
                    Result = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    End = table.Column<string>(type: "TEXT", nullable: true),
                    Messages = table.Column<long>(type: "INTEGER", nullable: false),
                    Bytes = table.Column<long>(type: "INTEGER", nullable: false),
                    By = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_CollectorRuns", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Collectors",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    SiteId = table.Column<int>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    Enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    Host = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Port = table.Column<int>(type: "INTEGER", nullable: false),
                    Tls = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    CertificateAuthority = table.Column<string>(type: "TEXT", nullable: true),
                    Method = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    Username = table.Column<string>(type: "TEXT", nullable: true),
                    Password = table.Column<byte[]>(type: "BLOB", nullable: true),
                    Domains = table.Column<string>(type: "TEXT", nullable: false),
                    Schedule = table.Column<string>(type: "TEXT", nullable: true),
                    Every = table.Column<TimeSpan>(type: "TEXT", nullable: true),
                    Version = table.Column<long>(type: "INTEGER", nullable: false),
                    NormalizedUsername = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Collectors", x => x.Id);
                    table.ForeignKey(
                        name: "FK_Collectors_Sites_SiteId",
                        column: x => x.SiteId,
                        principalTable: "Sites",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "Rejections",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false),
                    SiteId = table.Column<int>(type: "INTEGER", nullable: false),
                    At = table.Column<DateTime>(type: "TEXT", nullable: false),
                    ClientAddress = table.Column<string>(type: "TEXT", nullable: false),
                    HeloName = table.Column<string>(type: "TEXT", nullable: true),
                    Account = table.Column<string>(type: "TEXT", nullable: true),
                    Tls = table.Column<string>(type: "TEXT", nullable: true),
                    MailFrom = table.Column<string>(type: "TEXT", nullable: true),
                    Recipient = table.Column<string>(type: "TEXT", nullable: true),
                    HeaderMessageId = table.Column<string>(type: "TEXT", nullable: true),
                    Stage = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    Reply = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Rejections", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "RouteUsage",
                columns: table => new
                {
                    Route = table.Column<string>(type: "TEXT", maxLength: 320, nullable: false),
                    Day = table.Column<DateOnly>(type: "TEXT", nullable: false),
                    Messages = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_RouteUsage", x => new { x.Route, x.Day });
                });

            migrationBuilder.CreateTable(
                name: "SmartHosts",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Name = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    Target = table.Column<string>(type: "TEXT", nullable: false),
                    Limits = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<long>(type: "INTEGER", nullable: false),
                    NormalizedUsername = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_SmartHosts", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "StoppedDestinations",
                columns: table => new
                {
                    SiteId = table.Column<int>(type: "INTEGER", nullable: false),
                    Domain = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    At = table.Column<DateTime>(type: "TEXT", nullable: false),
                    By = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_StoppedDestinations", x => new { x.SiteId, x.Domain });
                });

            migrationBuilder.CreateTable(
                name: "TraceKeys",
                columns: table => new
                {
                    Bucket = table.Column<long>(type: "INTEGER", nullable: false),
                    Key = table.Column<string>(type: "TEXT", nullable: false),
                    MessageId = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_TraceKeys", x => new { x.Bucket, x.Key, x.MessageId });
                });

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_Due",
                table: "Recipients",
                columns: new[] { "SiteId", "DueAt", "Domain" },
                filter: "\"State\" = 'queued'");

            migrationBuilder.CreateIndex(
                name: "IX_CollectorRuns_EndedAt",
                table: "CollectorRuns",
                column: "EndedAt");

            migrationBuilder.CreateIndex(
                name: "IX_CollectorRuns_SiteId_Collector_Id",
                table: "CollectorRuns",
                columns: new[] { "SiteId", "Collector", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_Collectors_SiteId_NormalizedUsername",
                table: "Collectors",
                columns: new[] { "SiteId", "NormalizedUsername" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Rejections_SiteId_Id",
                table: "Rejections",
                columns: new[] { "SiteId", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_SmartHosts_NormalizedUsername",
                table: "SmartHosts",
                column: "NormalizedUsername",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "CollectorRuns");

            migrationBuilder.DropTable(
                name: "Collectors");

            migrationBuilder.DropTable(
                name: "Rejections");

            migrationBuilder.DropTable(
                name: "RouteUsage");

            migrationBuilder.DropTable(
                name: "SmartHosts");

            migrationBuilder.DropTable(
                name: "StoppedDestinations");

            migrationBuilder.DropTable(
                name: "TraceKeys");

            migrationBuilder.DropIndex(
                name: "IX_Recipients_Due",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "Address",
                table: "TraceEvents");

            migrationBuilder.DropColumn(
                name: "Milliseconds",
                table: "TraceEvents");

            migrationBuilder.DropColumn(
                name: "Stage",
                table: "TraceEvents");

            migrationBuilder.DropColumn(
                name: "DelayReportedAt",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "HeldBackUntil",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "ViaDomain",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "ViaSmartHost",
                table: "Recipients");

            migrationBuilder.DropColumn(
                name: "Policy",
                table: "Messages");

            migrationBuilder.DropColumn(
                name: "Tls",
                table: "Messages");

            migrationBuilder.CreateIndex(
                name: "IX_Recipients_Due",
                table: "Recipients",
                columns: new[] { "SiteId", "DueAt" },
                filter: "\"State\" = 'queued'");
        }
    }
}
