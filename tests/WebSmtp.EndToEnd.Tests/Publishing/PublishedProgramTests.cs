using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Publishing;

/// <summary>The program in the forms in which it is run: published as in the image, and with <c>dotnet run</c>.</summary>
public sealed partial class PublishedProgramTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static string Project => Path.Combine(ProgramFiles.Repository, "src", "WebSmtp");

    [Fact(Timeout = Limits.Long)]
    public async Task The_layout_of_the_image_runs_with_the_settings_of_the_image()
    {
        var image = Dockerfile.Read();
        var folder = Directory.CreateTempSubdirectory("websmtp-published-");
        try
        {
            // What the image does, with the build that is there.
            var published = await Tool.RunAsync(ProgramFiles.Dotnet,
                ["publish", Project, "-c", ProgramFiles.Configuration, "--no-build", "-o", folder.FullName, "-v", "quiet"], Stop);
            Assert.True(published.ExitCode == 0, published.ToString());
            Assert.Contains($"dotnet publish src/WebSmtp -c Release --no-restore -o {image.Folder}", image.Text, StringComparison.Ordinal);
            var executable = Path.Combine(folder.FullName, Path.GetRelativePath(image.Folder, image.EntryPoint));

            // The image's environment, but for what must be free on this machine.
            Assert.Equal("/data", image.Environment["WEBSMTP_DATA"]);
            Assert.Equal("http://0.0.0.0:8025", image.Environment["WEBSMTP_URLS"]);
            await using var server = await WebSmtpProcess.StartAsync(new() { Executable = executable, SmtpAddress = image.Environment["WEBSMTP_SMTP_ADDRESS"] }, Stop);

            await ServesPagesAsync(server);
            await using (var talk = await SmtpTalk.ConnectAsync(server.SmtpPort, Stop, IPAddress.Parse("127.0.0.3"))) await talk.GreetAsync();
            var health = await Tool.RunAsync(executable, [.. image.HealthCheck.Skip(1)], Stop, server.Environment());
            Assert.True(health.ExitCode == 0, health.ToString());
            Assert.Equal(0, await server.StopAsync(Stop).WaitAsync(TimeSpan.FromSeconds(30), Stop));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Run_from_the_clone_it_serves_its_files_too()
    {
        await using var server = await WebSmtpProcess.StartAsync(new()
        {
            Executable = ProgramFiles.Dotnet,
            Arguments = ["run", "-c", ProgramFiles.Configuration, "--no-build", "--project", Project],
        }, Stop);
        await ServesPagesAsync(server);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_demonstration_plays_the_main_job()
    {
        var demo = await Tool.RunAsync(ProgramFiles.Executable, ["demo"], Stop,
            new Dictionary<string, string?> { ["DOTNET_ROOT"] = ProgramFiles.DotnetRoot });
        Assert.True(demo.ExitCode == 0, demo.ToString());
        foreach (var said in (string[])["C: TURN", "S: 250 ", "RCPT TO:<", "Subject: ", "220 ", "Drop folder as"]) Assert.Contains(said, demo.Out, StringComparison.Ordinal);
        Assert.Equal("", demo.Error);
    }

    [Fact]
    public void The_image_restores_every_project_in_a_layer_of_its_own()
    {
        var image = Dockerfile.Read();
        var projects = new[] { "src", "migrations" }.SelectMany(top => Directory.GetFiles(Path.Combine(ProgramFiles.Repository, top), "*.csproj", SearchOption.AllDirectories));
        foreach (var project in projects)
        {
            var path = Path.GetRelativePath(ProgramFiles.Repository, project);
            Assert.Contains($"COPY {path} {Path.GetDirectoryName(path)}/", image.Text, StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_compose_file_is_one()
    {
        var compose = await Tool.RunAsync(Tool.Need("docker-compose"), ["-f", Path.Combine(ProgramFiles.Repository, "docker-compose.yml"), "config", "-q"], Stop);
        Assert.True(compose.ExitCode == 0, compose.ToString());
    }

    static async Task ServesPagesAsync(WebSmtpProcess server)
    {
        using var browser = WebSmtpProcess.NewHttpClient(server.WebUrl);
        var address = new Uri("/", UriKind.Relative);
        var answer = await browser.GetAsync(address, Stop);
        for (var hops = 0; hops < 3 && answer.Headers.Location is { } location; hops++) answer = await browser.GetAsync(location, Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync(Stop);

        // Every style and script that the page names is there and not empty.
        var files = FileOfPage().Matches(page).Select(match => WebUtility.HtmlDecode(match.Groups["file"].Value)).Where(file => !file.Contains("://", StringComparison.Ordinal)).ToArray();
        Assert.Contains(files, file => file.Contains(".css", StringComparison.Ordinal));
        Assert.Contains(files, file => file.Contains("blazor.web", StringComparison.Ordinal));
        foreach (var file in files)
        {
            var content = await browser.GetAsync(new Uri(server.WebUrl, file), Stop);
            Assert.True(content.StatusCode == HttpStatusCode.OK && (await content.Content.ReadAsByteArrayAsync(Stop)).Length > 0, $"{file}: {content.StatusCode}, empty or not");
        }
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("swagger/index.html", Stop)).StatusCode);
        var openApi = JsonNode.Parse(await browser.GetStringAsync("swagger/v1/swagger.json", Stop))!;
        Assert.Contains(openApi["paths"]!.AsObject(), path => path.Key == "/api/v1/sites");
    }

    [GeneratedRegex("""(href|src)="(?<file>[^"#]+\.(css|js|svg|png|ico)[^"]*)""", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex FileOfPage();

    /// <summary>What the Dockerfile says of the image.</summary>
    sealed record Dockerfile(string Text, string Folder, string EntryPoint, IReadOnlyList<string> HealthCheck, IReadOnlyDictionary<string, string> Environment)
    {
        public static Dockerfile Read()
        {
            var text = File.ReadAllText(Path.Combine(ProgramFiles.Repository, "Dockerfile")).Replace("\\\n", " ", StringComparison.Ordinal);
            string Line(string instruction) => text.Split('\n').Single(line => line.StartsWith(instruction + " ", StringComparison.Ordinal))[(instruction.Length + 1)..];
            string[] Words(string instruction) => JsonNode.Parse(Line(instruction)[Line(instruction).IndexOf('[', StringComparison.Ordinal)..])!.AsArray().Select(word => word!.GetValue<string>()).ToArray();
            var entryPoint = Words("ENTRYPOINT").Single();
            var healthCheck = Words("HEALTHCHECK");
            Assert.Equal(entryPoint, healthCheck[0]);
            return new(text, Path.GetDirectoryName(entryPoint)!, entryPoint, healthCheck,
                Line("ENV").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal));
        }
    }
}
