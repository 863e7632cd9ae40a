using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Npgsql;
using WebSmtp.Storage;

namespace WebSmtp.Migrations.PostgreSql;

/// <summary>The queue and the settings on a PostgreSQL server, which several processes may share.</summary>
public sealed class PostgreSqlDatabase : DatabaseProvider
{
    readonly string _connection;

    PostgreSqlDatabase(string connection) => _connection = connection;

    /// <summary>
    /// The database that <c>postgresql://user:password@host:port/name?Keyword=value</c> names; the keywords are those of
    /// Npgsql. Throws <see cref="FormatException"/>, whose message has no secret.
    /// </summary>
    public static PostgreSqlDatabase For(string uri)
    {
        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("postgresql" or "postgres") || parsed.AbsolutePath.Length < 2)
        {
            throw new FormatException("The database must be given as postgresql://user:password@host:port/name.");
        }
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = parsed.Host.Trim('[', ']'),
            Port = parsed.Port < 0 ? NpgsqlConnection.DefaultPort : parsed.Port,
            Database = Uri.UnescapeDataString(parsed.AbsolutePath[1..]),
        };
        if (parsed.UserInfo.Split(':', 2) is [{ Length: > 0 } user, ..] parts)
        {
            builder.Username = Uri.UnescapeDataString(user);
            if (parts.Length > 1) builder.Password = Uri.UnescapeDataString(parts[1]);
        }
        foreach (var option in parsed.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = option.Split('=', 2) is [var n, var v] ? (Uri.UnescapeDataString(n), Uri.UnescapeDataString(v)) : (option, "");
            try
            {
                builder[name] = value;
            }
            catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException)
            {
                throw new FormatException($"'{name}' in the address of the database is not a keyword of Npgsql, or has a value that is none.", exception);
            }
        }
        return new(builder.ConnectionString);
    }

    public override string Name => "PostgreSQL";
    public override string VersionQuery => "SELECT current_setting('server_version') AS \"Value\"";
    public override string SizeQuery => "SELECT pg_database_size(current_database()) AS \"Value\"";
    public override bool OneWriter => false;
    public override string SkipLocked => "FOR UPDATE SKIP LOCKED";

    public override void Configure(DbContextOptionsBuilder options) => options
        .UseNpgsql(_connection, p => p.MigrationsAssembly(typeof(PostgreSqlDatabase).Assembly.GetName().Name));

    public override async Task<DbConnection> OpenWriterAsync(CancellationToken stop)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_connection) { Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(stop);
            // A server that answers before it has written would break the promise of the 250.
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
            await command.ExecuteNonQueryAsync(stop);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override DatabaseTrouble Classify(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is not PostgresException postgres) continue;
            return postgres.SqlState switch
            {
                PostgresErrorCodes.DiskFull => DatabaseTrouble.Full,
                PostgresErrorCodes.UniqueViolation => DatabaseTrouble.Duplicate,
                _ => DatabaseTrouble.Other,
            };
        }
        return DatabaseTrouble.Other;
    }
}

/// <summary>Lets <c>dotnet ef</c> run from this project alone, without starting the server.</summary>
public sealed class PostgreSqlDesign : IDesignTimeDbContextFactory<WebSmtpDb>
{
    public WebSmtpDb CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<WebSmtpDb>();
        PostgreSqlDatabase.For("postgresql://localhost/design").Configure(options);
        return new(options.Options);
    }
}
