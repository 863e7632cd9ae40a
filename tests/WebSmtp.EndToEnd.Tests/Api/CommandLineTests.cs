using System.Text;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>The verbs of the command line, against a running server.</summary>
public sealed class CommandLineTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Long)]
    public async Task A_held_domain_is_set_up_looked_at_and_taken_down()
    {
        var process = await server.ProcessAsync();
        var (port, name, account) = (FreePorts.Next(), TestSite.Unique("By hand "), TestSite.Unique("hand"));

        var site = JsonNode.Parse(await DoneAsync(process, ["sites", "add", name, "--endpoint", $"127.0.0.1:{port}", "--default-domain", "hub.example", "--json"]))!;
        var id = site["id"]!.ToString();
        Assert.Contains("is running", await DoneAsync(process, ["sites", "start", id]), StringComparison.Ordinal);
        await DoneAsync(process, ["accounts", "add", account, "--password-stdin", "--challenge-response"], "a long secret, with spaces\n");
        await DoneAsync(process, ["domains", "add", id, "test.com", "--hold", "--etrn", "--turn-account", account, "--max-age", "P30D", "--set", "maxMessageSize=1048576"]);
        await using (var talk = await SmtpTalk.ConnectAsync(port, Stop))
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("sender@away.example", ["user@test.com"], SampleMail.Plain("one"));
            Assert.Contains("client.example", await DoneAsync(process, ["sessions", "list", id]), StringComparison.Ordinal);
            await talk.QuitAsync();
        }

        var message = JsonNode.Parse(await DoneAsync(process, ["queue", "list", id, "--json"]))![0]!["id"]!.ToString();
        Assert.Contains("held", await DoneAsync(process, ["queue", "destinations", id]), StringComparison.Ordinal);
        Assert.Contains("received", await DoneAsync(process, ["queue", "show", message]), StringComparison.Ordinal);
        Assert.Matches("test.com +remote +hold", await DoneAsync(process, ["domains", "list", id]));
        Assert.Contains("1 messages wait", await DoneAsync(process, ["domains", "dequeue", id, "test.com"]), StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync(process, ["sites", "delete", id])).ExitCode);
        await Eventually.TrueAsync(async () => (await RunAsync(process, ["queue", "delete", message])).ExitCode == 0);
        await DoneAsync(process, ["domains", "delete", id, "test.com"]);
        await DoneAsync(process, ["accounts", "delete", account]);
        await DoneAsync(process, ["sites", "rename", id, name + " again"]);
        Assert.Contains(name + " again", await DoneAsync(process, ["sites", "list"]), StringComparison.Ordinal);
        await DoneAsync(process, ["sites", "delete", id]);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Without_options_it_finds_the_server_of_the_data_directory()
    {
        var process = await server.ProcessAsync();
        var environment = new Dictionary<string, string?>(process.Environment(), StringComparer.Ordinal) { ["WEBSMTP_API_KEY"] = null };

        var shown = await Tool.RunAsync(ProgramFiles.Executable, ["service", "show"], Stop, environment);

        Assert.True(shown.ExitCode == 0, shown.ToString());
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(process.DataDirectory, "run", "admin.json")));
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData(1, "sites", "show", "9999")]
    [InlineData(1, "domains", "add", "1", "not a domain", "--hold")]
    [InlineData(1, "service", "show", "--key", "wrong")]
    [InlineData(2, "sites")]
    [InlineData(2, "nonsense")]
    [InlineData(2, "sites", "show", "one")]
    [InlineData(2, "sites", "add", "x", "--endpoint", "nowhere")]
    [InlineData(2, "domains", "add", "1", "x.example", "--hold", "--dns")]
    [InlineData(2, "accounts", "add", "x")]
    [InlineData(3, "sites", "list", "--server", "http://127.0.0.1:9")]
    public async Task The_exit_code_says_what_went_wrong(int code, params string[] arguments)
    {
        var ended = await RunAsync(await server.ProcessAsync(), arguments);

        Assert.True(code == ended.ExitCode, ended.ToString());
        Assert.NotEmpty(ended.Error);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Where_no_server_runs_it_says_so()
    {
        var nowhere = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["WEBSMTP_DATA"] = Path.Combine(Path.GetTempPath(), Guid.CreateVersion7().ToString("N")),
            ["WEBSMTP_URL"] = null,
            ["DOTNET_ROOT"] = ProgramFiles.DotnetRoot,
        };

        var ended = await Tool.RunAsync(ProgramFiles.Executable, ["sites", "list"], Stop, nowhere);

        Assert.Equal(3, ended.ExitCode);
        Assert.Contains("No server runs", ended.Error, StringComparison.Ordinal);
    }

    static async Task<string> DoneAsync(WebSmtpProcess process, string[] arguments, string? input = null)
    {
        var ended = await RunAsync(process, arguments, input);
        Assert.True(ended.ExitCode == 0, ended.ToString());
        return ended.Out;
    }

    static Task<FinishedProgram> RunAsync(WebSmtpProcess process, string[] arguments, string? input = null) => Tool.RunAsync(
        ProgramFiles.Executable, arguments, Stop, process.Environment(), input: input is null ? null : Encoding.UTF8.GetBytes(input));
}
