using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace WebSmtp.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Trace : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Rejections_At",
                table: "Rejections");

            migrationBuilder.DropIndex(
                name: "IX_Rejections_SiteId_At",
                table: "Rejections");

            migrationBuilder.AlterColumn<long>(
                name: "Id",
                table: "Rejections",
                type: "INTEGER",
                nullable: false,
                oldClrType: typeof(long),
                oldType: "INTEGER")
                .OldAnnotation("Sqlite:Autoincrement", true);

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
                name: "IX_Rejections_SiteId_Id",
                table: "Rejections",
                columns: new[] { "SiteId", "Id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "TraceKeys");

            migrationBuilder.DropIndex(
                name: "IX_Rejections_SiteId_Id",
                table: "Rejections");

            migrationBuilder.AlterColumn<long>(
                name: "Id",
                table: "Rejections",
                type: "INTEGER",
                nullable: false,
                oldClrType: typeof(long),
                oldType: "INTEGER")
                .Annotation("Sqlite:Autoincrement", true);

            migrationBuilder.CreateIndex(
                name: "IX_Rejections_At",
                table: "Rejections",
                column: "At");

            migrationBuilder.CreateIndex(
                name: "IX_Rejections_SiteId_At",
                table: "Rejections",
                columns: new[] { "SiteId", "At" });
        }
    }
}
