using System.Globalization;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Databases;

/// <summary>Debian's PostgreSQL on a loopback port and a folder of its own, without anything of the machine's installation.</summary>
public sealed class PostgreSqlServer : IAsyncDisposable
{
    const string User = "postgres";

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("websmtp-postgresql-");
    readonly int _port = FreePorts.Next();
    RunningProgram? _server;

    PostgreSqlServer() { }

    /// <summary>For <c>WEBSMTP_DATABASE</c>; the database is empty.</summary>
    public string Url => $"postgresql://{User}@127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}/postgres";

    /// <summary>Skips the test when PostgreSQL is not installed.</summary>
    public static async Task<PostgreSqlServer> StartAsync(CancellationToken stop)
    {
        var binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Max()
            : null;
        Assert.SkipWhen(binaries is null, "PostgreSQL is missing (Debian package postgresql); tests/run installs it.");
        var database = new PostgreSqlServer();
        try
        {
            await database.StartAsync(binaries, stop);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    async Task StartAsync(string binaries, CancellationToken stop)
    {
        // It refuses to run as root.
        string[] asUser = Environment.UserName == "root" ? [Tool.Need("runuser", "util-linux"), "-u", User, "--"] : [];
        if (asUser.Length > 0)
        {
            var given = await Tool.RunAsync(Tool.Need("chown", "coreutils"), [User, _folder.FullName], stop);
            Assert.True(given.ExitCode == 0, given.ToString());
        }
        var data = Path.Combine(_folder.FullName, "data");
        string[] initialise = [.. asUser, Path.Combine(binaries, "initdb"), "-D", data, "-A", "trust", "-U", User, "--no-sync", "--locale=C.UTF-8", "-E", "UTF8"];
        var made = await Tool.RunAsync(initialise[0], initialise[1..], stop);
        Assert.True(made.ExitCode == 0, made.ToString());
        string[] serve =
        [
            .. asUser, Path.Combine(binaries, "postgres"), "-D", data, "-k", _folder.FullName, "-p", _port.ToString(CultureInfo.InvariantCulture),
            "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=32MB",
        ];
        _server = RunningProgram.Start(serve[0], serve[1..]);
        await _server.Error.WaitForAsync(line => line.Contains("ready to accept connections", StringComparison.Ordinal), stop);
    }
}
