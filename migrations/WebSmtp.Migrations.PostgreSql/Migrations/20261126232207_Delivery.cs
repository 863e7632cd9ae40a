using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace WebSmtp.Migrations.PostgreSql.Migrations
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
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<int>(
                name: "Milliseconds",
                table: "TraceEvents",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Stage",
                table: "TraceEvents",
                type: "character varying(16)",
                maxLength: 16,
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<DateTime>(
                name: "DelayReportedAt",
                table: "Recipients",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTime>(
                name: "HeldBackUntil",
                table: "Recipients",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "ViaDomain",
                table: "Recipients",
                type: "character varying(255)",
                maxLength: 255,
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<string>(
                name: "ViaSmartHost",
                table: "Recipients",
                type: "character varying(256)",
                maxLength: 256,
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<string>(
                name: "Policy",
                table: "Messages",
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<string>(
                name: "Tls",
                table: "Messages",
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.CreateTable(
                name: "CollectorRuns",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    SiteId = table.Column<int>(type: "integer", nullable: false),
                    Collector = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false, collation: "C"),
                    StartedAt = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    EndedAt = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    Result = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false, collation: "C"),
                    End = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    Messages = table.Column<long>(type: "bigint", nullable: false),
                    Bytes = table.Column<long>(type: "bigint", nullable: false),
                    By = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_CollectorRuns", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Collectors",
                columns: table => new
                {
                    Id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    SiteId = table.Column<int>(type: "integer", nullable: false),
                    Name = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false, collation: "C"),
                    Enabled = table.Column<bool>(type: "boolean", nullable: false),
                    Host = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false, collation: "C"),
                    Port = table.Column<int>(type: "integer", nullable: false),
                    Tls = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false, collation: "C"),
                    CertificateAuthority = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    Method = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false, collation: "C"),
                    Username = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    Password = table.Column<byte[]>(type: "bytea", nullable: true),
                    Domains = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Schedule = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    Every = table.Column<TimeSpan>(type: "interval", nullable: true),
                    Version = table.Column<long>(type: "bigint", nullable: false),
                    NormalizedUsername = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false, collation: "C")
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
                    Id = table.Column<long>(type: "bigint", nullable: false),
                    SiteId = table.Column<int>(type: "integer", nullable: false),
                    At = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    ClientAddress = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    HeloName = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    Account = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    Tls = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    MailFrom = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    Recipient = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    HeaderMessageId = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    Stage = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false, collation: "C"),
                    Reply = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Rejections", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "RouteUsage",
                columns: table => new
                {
                    Route = table.Column<string>(type: "character varying(320)", maxLength: 320, nullable: false, collation: "C"),
                    Day = table.Column<DateOnly>(type: "date", nullable: false),
                    Messages = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_RouteUsage", x => new { x.Route, x.Day });
                });

            migrationBuilder.CreateTable(
                name: "SmartHosts",
                columns: table => new
                {
                    Id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    Name = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false, collation: "C"),
                    Target = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Limits = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Version = table.Column<long>(type: "bigint", nullable: false),
                    NormalizedUsername = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_SmartHosts", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "StoppedDestinations",
                columns: table => new
                {
                    SiteId = table.Column<int>(type: "integer", nullable: false),
                    Domain = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false, collation: "C"),
                    At = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    By = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_StoppedDestinations", x => new { x.SiteId, x.Domain });
                });

            migrationBuilder.CreateTable(
                name: "TraceKeys",
                columns: table => new
                {
                    Bucket = table.Column<long>(type: "bigint", nullable: false),
                    Key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    MessageId = table.Column<long>(type: "bigint", nullable: false)
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
