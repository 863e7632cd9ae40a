using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using WebSmtp.Migrations.PostgreSql;
using WebSmtp.Storage.Tests.PostgreSql;

[assembly: AssemblyFixture(typeof(PostgreSqlServer))]

namespace WebSmtp.Storage.Tests.PostgreSql;

/// <summary>
/// A PostgreSQL server of Debian's package, for this run of the tests: own directory, loopback, no flushing. Where there
/// is none, the tests that need it are skipped and say so.
/// </summary>
public sealed class PostgreSqlServer : IAsyncLifetime
{
    const string Template = "migrated";

    string? _missing;
    string _directory = "", _programs = "";
    int _port;
    int _count;

    public async ValueTask InitializeAsync()
    {
        _programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Where(d => File.Exists(Path.Combine(d, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault("")
            : "";
        if (_programs.Length == 0)
        {
            _missing = "PostgreSQL is not installed (Debian's package postgresql).";
            return;
        }
        _directory = (await RunAsync("mktemp", "-d", "/tmp/websmtp-postgresql-XXXXXX")).Trim();
        var data = Path.Combine(_directory, "data");
        await RunAsync(Path.Combine(_programs, "initdb"), "-D", data, "-U", "websmtp", "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8");
        _port = FreePort();
        await RunAsync(Path.Combine(_programs, "pg_ctl"), "-D", data, "-w", "-l", Path.Combine(_directory, "log"), "-o",
            $"-p {_port} -k {_directory} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=500", "start");
        await ExecuteAsync("postgres", $"CREATE DATABASE {Template}");
        await using (await TestDatabase.OpenAsync(PostgreSqlDatabase.For(Uri(Template)))) { }
        NpgsqlConnection.ClearAllPools();
    }

    string Uri(string name) => $"postgresql://websmtp:any@127.0.0.1:{_port}/{name}";

    /// <summary>The address of a new database: migrated, or empty.</summary>
    public async Task<string> NewAsync(bool migrated = true)
    {
        if (_missing is not null) Assert.Skip(_missing);
        var name = $"test{Interlocked.Increment(ref _count)}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name} TEMPLATE {(migrated ? Template : "template0")}");
        return Uri(name);
    }

    public async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={_port};Username=websmtp;Database={database};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The server's programs refuse root.</summary>
    static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = Environment.UserName == "root"
            ? new ProcessStartInfo("runuser", ["-u", "postgres", "--", program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        (start.RedirectStandardOutput, start.WorkingDirectory) = (true, "/tmp");
        using var process = Process.Start(start)!;
        var output = program.EndsWith("pg_ctl", StringComparison.Ordinal) ? "" : await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {output}");
    }

    static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_directory.Length == 0) return;
        await RunAsync(Path.Combine(_programs, "pg_ctl"), "-D", Path.Combine(_directory, "data"), "-m", "immediate", "stop");
        Directory.Delete(_directory, recursive: true);
    }
}
