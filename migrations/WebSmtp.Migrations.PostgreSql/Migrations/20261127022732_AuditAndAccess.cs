using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace WebSmtp.Migrations.PostgreSql.Migrations
{
    /// <inheritdoc />
    public partial class AuditAndAccess : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
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

            migrationBuilder.CreateIndex(
                name: "IX_AuditEntries_NormalizedActor_Id",
                table: "AuditEntries",
                columns: new[] { "NormalizedActor", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_AuditEntries_NormalizedSubject_Id",
                table: "AuditEntries",
                columns: new[] { "NormalizedSubject", "Id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "AuditEntries");

            migrationBuilder.DropColumn(
                name: "LastUsedAt",
                table: "ApiKeys");

            migrationBuilder.DropColumn(
                name: "LastLogInAt",
                table: "AdminUsers");
        }
    }
}
