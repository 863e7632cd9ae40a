using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using WebSmtp.Migrations.PostgreSql;
using WebSmtp.Migrations.Sqlite;
using WebSmtp.Mta.Queue;
using WebSmtp.Storage.Queue;

namespace WebSmtp.Storage.Tests;

public sealed partial class ModelTests
{
    [GeneratedRegex("(?:FROM|INTO|UPDATE) \"(?<name>\\w+)\"", RegexOptions.ExplicitCapture, 1000)]
    static partial Regex TableName { get; }

    [GeneratedRegex("\"(?<name>\\w+)\"", RegexOptions.ExplicitCapture, 1000)]
    static partial Regex QuotedName { get; }

    [GeneratedRegex("@(?<name>\\w+)", RegexOptions.ExplicitCapture, 1000)]
    static partial Regex Parameter { get; }

    static bool IsInsertOfValues(Statement statement) =>
        statement.Text.StartsWith("INSERT", StringComparison.Ordinal) && statement.Text.Contains(" VALUES ", StringComparison.Ordinal);

    static string TableOf(Statement statement) => TableName.Match(statement.Text).Groups["name"].Value;

    /// <summary>The model and the migrations, for which nothing is connected to.</summary>
    static WebSmtpDb Context(bool postgreSql)
    {
        var options = new DbContextOptionsBuilder<WebSmtpDb>();
        DatabaseProvider provider = postgreSql ? PostgreSqlDatabase.For("postgresql://localhost/design") : SqliteDatabase.For("design.db");
        provider.Configure(options);
        return new(options.Options);
    }

    static Dictionary<string, HashSet<string>> Tables(WebSmtpDb db) => db.Model.GetRelationalModel().Tables
        .ToDictionary(t => t.Name, t => t.Columns.Select(c => c.Name).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_migrations_make_the_model(bool postgreSql)
    {
        using var db = Context(postgreSql);
        Assert.False(db.Database.HasPendingModelChanges());
    }

    [Fact]
    public void Migrations_come_in_pairs_of_the_same_name()
    {
        using var sqlite = Context(false);
        using var postgreSql = Context(true);
        var names = Names(sqlite);
        Assert.NotEmpty(names);
        Assert.Equal(names, Names(postgreSql));

        static string[] Names(WebSmtpDb db) => [.. db.Database.GetMigrations().Select(m => m[(m.IndexOf('_') + 1)..])];
    }

    [Fact]
    public void Hot_statements_name_only_what_the_model_has()
    {
        using var db = Context(false);
        var tables = Tables(db);
        Assert.True(HotStatements.All.Count() > 20);
        foreach (var statement in HotStatements.All)
        {
            var named = TableName.Matches(statement.Text).Select(m => m.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
            foreach (var name in QuotedName.Matches(statement.Text).Select(m => m.Groups["name"].Value))
            {
                Assert.True(named.Contains(name) || named.Any(table => tables[table].Contains(name)), $"{name} is in none of its tables: {statement.Text}");
            }
            var parameters = Parameter.Matches(statement.Text).Select(m => m.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
            Assert.Equal(statement.Parameters.Order(StringComparer.Ordinal), parameters.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Hot_inserts_give_a_value_to_every_column()
    {
        using var db = Context(false);
        var tables = Tables(db);
        foreach (var statement in HotStatements.All.Where(IsInsertOfValues))
        {
            var table = TableOf(statement);
            var generated = table is "Recipients" or "TraceEvents" ? "Id" : null;
            Assert.Equal(tables[table].Where(c => c != generated).Order(StringComparer.Ordinal), statement.Parameters.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Hot_parameters_have_the_types_of_their_columns()
    {
        using var db = Context(false);
        foreach (var statement in HotStatements.All.Where(IsInsertOfValues))
        {
            var table = db.Model.GetRelationalModel().FindTable(TableOf(statement), null)!;
            foreach (var name in statement.Parameters)
            {
                var type = table.FindColumn(name)!.StoreTypeMapping;
                var stored = Nullable.GetUnderlyingType(type.Converter?.ProviderClrType ?? type.ClrType) ?? type.Converter?.ProviderClrType ?? type.ClrType;
                var expected = stored switch
                {
                    var t when t == typeof(byte[]) => "Binary",
                    var t when t.IsEnum => Enum.GetUnderlyingType(t).Name,
                    var t => t.Name,
                };
                Assert.Equal(expected, HotStatements.TypeOf(name).ToString());
            }
        }
    }

    /// <summary>Statements and partial indexes have states as text in them.</summary>
    [Fact]
    public void States_are_stored_as_statements_and_indexes_write_them()
    {
        Assert.Equal("queued", EnumText<RecipientState>.Write(RecipientState.Queued));
        Assert.Equal("delivering", EnumText<RecipientState>.Write(RecipientState.Delivering));
        foreach (var state in Enum.GetValues<RecipientState>()) Assert.Equal(state, EnumText<RecipientState>.Read(EnumText<RecipientState>.Write(state)));
    }

    [Fact]
    public void The_storage_knows_no_database_package_and_no_web()
    {
        var references = typeof(WebSmtpDb).Assembly.GetReferencedAssemblies().Select(a => a.Name!).ToList();
        Assert.Contains("WebSmtp.Mta", references);
        Assert.DoesNotContain(references, name =>
            name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || name.Contains("Sqlite", StringComparison.OrdinalIgnoreCase) ||
            name.Contains("SQLitePCL", StringComparison.OrdinalIgnoreCase) || name.StartsWith("Npgsql", StringComparison.Ordinal) ||
            name is "WebSmtp" || name.StartsWith("WebSmtp.Migrations", StringComparison.Ordinal));
    }
}
