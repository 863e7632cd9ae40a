using System.Net;
using Microsoft.Data.Sqlite;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Durability;

/// <summary>Starts that must be refused with a clear message, and the way in and out of the process.</summary>
public sealed class StartTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_second_process_on_the_same_data_is_refused()
    {
        await using var first = await WebSmtpProcess.StartAsync(new(), Stop);

        var second = await WebSmtpProcess.StartToFailAsync(new() { DataDirectory = first.DataDirectory }, Stop);

        Refused(second, first.DataDirectory);
        await using var talk = await SmtpTalk.ConnectAsync(first.SmtpPort, Stop);
        await talk.GreetAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task There_are_threads_enough_for_sessions_to_run_on_those_that_serve_the_sockets()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        var threads = Directory.GetDirectories($"/proc/{server.ProcessId}/task").Select(task => File.ReadAllText(Path.Combine(task, "comm")));
        // The runtime has one alone where sessions run in the thread pool.
        Assert.InRange(threads.Count(name => name.StartsWith(".NET Sockets", StringComparison.Ordinal)), 4, int.MaxValue);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_database_of_a_newer_version_is_refused_and_left_alone()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        Assert.Equal(0, await server.StopAsync(Stop));
        var file = Directory.GetFiles(server.DataDirectory, "*.db").Single();
        await using (var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString()))
        {
            await database.OpenAsync(Stop);
            await using var command = database.CreateCommand();
            command.CommandText = "INSERT INTO \"__EFMigrationsHistory\" (\"MigrationId\", \"ProductVersion\") VALUES ('29990101000000_FromTheFuture', '99.0.0')";
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Stop));
        }
        var before = await File.ReadAllBytesAsync(file, Stop);

        var refused = await WebSmtpProcess.StartToFailAsync(new() { DataDirectory = server.DataDirectory }, Stop);

        Refused(refused, "newer");
        Assert.Equal(before, await File.ReadAllBytesAsync(file, Stop));
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("WEBSMTP_SMTP_PORT", "70000")]
    [InlineData("WEBSMTP_SMTP_ADDRESS", "nowhere")]
    [InlineData("WEBSMTP_SMTP_ADDRESS", "127.1")]
    [InlineData("WEBSMTP_URLS", "nowhere")]
    [InlineData("WEBSMTP_URLS", "http://127.0.0.1:99999")]
    [InlineData("WEBSMTP_URLS", "http://203.0.113.9:8025")]
    [InlineData("WEBSMTP_DATABASE", "postgresql://user:secret@127.0.0.1")]
    [InlineData("WEBSMTP_DATABASE", "mysql://somewhere")]
    [InlineData("WEBSMTP_DNS", "nowhere")]
    [InlineData("WEBSMTP_DNS", "127.0.0.1:0")]
    [InlineData("WEBSMTP_URLS", "https://127.0.0.1:18443")]
    [InlineData("WEBSMTP_URLS", "http://127.0.0.1:18443/below")]
    [InlineData("WEBSMTP_API_KEY", "a key with blanks in it")]
    [InlineData("WEBSMTP_ADMIN_PASSWORD", "a\tpassword")]
    public async Task A_wrong_setting_is_named(string name, string value)
    {
        var refused = await WebSmtpProcess.StartToFailAsync(new() { Environment = new Dictionary<string, string?> { [name] = value } }, Stop);
        Refused(refused, name);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_database_server_that_is_not_there_is_said_in_one_line_without_the_password()
    {
        var refused = await WebSmtpProcess.StartToFailAsync(new()
        {
            Environment = new Dictionary<string, string?> { ["WEBSMTP_DATABASE"] = $"postgresql://user:secret@127.0.0.1:{FreePorts.Next()}/mail" },
        }, Stop);
        Refused(refused, "The database cannot be used: Failed to connect");
        Assert.DoesNotContain("secret", refused.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_certificate_that_cannot_be_read_is_named()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        Assert.Equal(0, await server.StopAsync(Stop));
        var file = Path.Combine(server.DataDirectory, "certificates", "default.pfx");
        await File.WriteAllTextAsync(file, "no certificate", Stop);
        Refused(await WebSmtpProcess.StartToFailAsync(new() { DataDirectory = server.DataDirectory }, Stop), file);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_password_that_was_made_is_said_even_when_the_start_then_fails()
    {
        await using var other = await WebSmtpProcess.StartAsync(new(), Stop);
        var refused = await WebSmtpProcess.StartToFailAsync(new()
        {
            Environment = new Dictionary<string, string?>
            {
                ["WEBSMTP_ADMIN_PASSWORD"] = null, ["WEBSMTP_URLS"] = other.WebUrl.GetLeftPart(UriPartial.Authority),
            },
        }, Stop);
        Refused(refused, "WEBSMTP_URLS");
        Assert.Contains("'admin', password '", refused.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Sigterm_ends_it_in_order_even_with_sessions_open()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var session = await SmtpTalk.ConnectAsync(server.SmtpPort, Stop);
        await session.GreetAsync();
        var stopping = server.StopAsync(Stop);
        await session.PlayAsync("""
            S: 421 4.3.2 *
            S: (closed)
            """);
        Assert.Equal(0, await stopping.WaitAsync(TimeSpan.FromSeconds(30), Stop));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Without_a_password_the_first_start_makes_one_and_prints_it_once()
    {
        await using var server = await WebSmtpProcess.StartAsync(new() { Environment = new Dictionary<string, string?> { ["WEBSMTP_ADMIN_PASSWORD"] = null } }, Stop);
        Assert.Contains("'admin', password '", server.Output.ToString(), StringComparison.Ordinal);
        Assert.Contains(server.DataDirectory, server.Output.ToString(), StringComparison.Ordinal);
        Assert.Contains(server.WebUrl.GetLeftPart(UriPartial.Authority), server.Output.ToString(), StringComparison.Ordinal);
        await server.RestartAsync(Stop);
        Assert.DoesNotContain("password '", server.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Health_is_answered_without_a_key_and_everything_else_needs_one()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        using var anonymous = WebSmtpProcess.NewHttpClient(server.WebUrl);
        Assert.Equal(HttpStatusCode.OK, (await anonymous.GetAsync("healthz", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await anonymous.GetAsync("readyz", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.GetAsync("api/v1/sites", Stop)).StatusCode);
        var health = await Tool.RunAsync(ProgramFiles.Executable, ["health"], Stop, server.Environment());
        Assert.True(health.ExitCode == 0, health.ToString());
        Assert.Equal(0, await server.StopAsync(Stop));
        Assert.NotEqual(0, (await Tool.RunAsync(ProgramFiles.Executable, ["health"], Stop, server.Environment())).ExitCode);
    }

    static void Refused(FinishedProgram program, string reason)
    {
        Assert.True(program.ExitCode == 1, program.ToString());
        Assert.Contains(reason, program.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.ToString(), StringComparison.Ordinal);
    }
}
