using System.CommandLine;
using System.CommandLine.Invocation;
using WebSmtp.Api;
using WebSmtp.Composition;

namespace WebSmtp.Cli;

/// <summary>Exit codes of every command.</summary>
static class ExitCode
{
    public const int Done = 0, Failed = 1, WrongUsage = 2, NotReached = 3;
}

/// <summary>
/// The command line: <c>websmtp</c> runs the server, and verbs named after the resources of the REST API speak to one
/// that runs.
/// </summary>
static class CommandLine
{
    /// <summary>Does what the arguments say and returns the exit code.</summary>
    /// <param name="serve">Given all arguments, runs the server until it is told to end.</param>
    /// <param name="demo">Plays the main job for someone who has never seen it.</param>
    public static async Task<int> RunAsync(string[] args, Func<string[], Task<int>> serve, Func<Task<int>> demo)
    {
        var root = new RootCommand("An SMTP service with held mail: ETRN, TURN and ATRN.");
        root.Add(Urls());
        root.SetAction((_, _) => serve(args));
        root.Options.OfType<VersionOption>().Single().Action = new ShowVersion();
        var server = new Command("serve", "Run the server; the same as no command at all.") { Urls() };
        server.SetAction((_, _) => serve(args));
        root.Add(server);
        var player = new Command("demo", "Show what the program is for: make a held domain, send it mail, and collect it.");
        player.SetAction((_, _) => demo());
        root.Add(player);
        var openApi = new Command("openapi", "Print the description of the REST API (OpenAPI 3.1).");
        openApi.SetAction(async (parsed, _) => await parsed.InvocationConfiguration.Output.WriteAsync(await OpenApiDocument.RenderAsync()));
        root.Add(openApi);
        foreach (var noun in (IEnumerable<Command>)
            [HealthVerb.Verb(), SiteVerbs.Noun(), DomainVerbs.Noun(), AccountVerbs.Noun(), UserVerbs.Noun(), KeyVerbs.Noun(), AuditVerbs.Noun(),
             QueueVerbs.Noun(), SessionVerbs.Noun(), ServiceVerbs.Noun(), CollectorVerbs.Noun(),
             SmartHostVerbs.Noun(), SimulateVerb.Verb(), SendmailVerb.Verb(), DestinationVerbs.Noun(),
             OperationVerbs.Noun(), TraceVerbs.Trace(), TraceVerbs.Rejections()])
        {
            Call.AddOptions(noun);
            root.Add(noun);
        }

        var parsed = root.Parse(SendmailVerb.Arrange(args));
        // The server ends by itself on SIGTERM, in its own time.
        var code = await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        return parsed.Action is ParseErrorAction ? ExitCode.WrongUsage : code;
    }

    /// <summary>The version alone, without the build's own suffix.</summary>
    sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(ServerProcess.Version);
            return ExitCode.Done;
        }
    }

    /// <summary>Read by the web host itself; here so that it is known.</summary>
    static Option<string> Urls() => new("--urls") { Description = "Addresses of the web admin, as in WEBSMTP_URLS.", HelpName = "url" };
}
