using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace WebSmtp.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class CollectionTranscripts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "Waiting",
                table: "Collections",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

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
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "CollectionTranscripts");

            migrationBuilder.DropColumn(
                name: "Waiting",
                table: "Collections");
        }
    }
}
