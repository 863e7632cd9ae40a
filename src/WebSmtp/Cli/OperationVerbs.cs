using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp operations …</c></summary>
static class OperationVerbs
{
    static readonly Argument<string> Id = new("operation") { Description = "The operation's id." };

    public static Command Noun() => new("operations", "Acts on many messages: those that run, and those of the last hour.")
    {
        Call.Verb("list", "List operations.", call => call.ListAsync("operations", int.MaxValue,
            Column.Of("ID", "id"), Column.Number("SITE", "siteId"), Column.Of("WHAT", "what"), Column.Of("BY", "by"), Column.Of("STATE", "state"),
            Column.Number("DONE", "done"), Column.Number("FAILED", "failed"), Column.Number("TOTAL", "total"), Column.Time("STARTED", "startedAt"),
            Column.Of("REASON", "reason"))),
        Call.Verb("show", "Show how far an operation has come.", call => call.ShowAsync(Path(call)), Id),
        Call.Verb("pause", "Pause an operation until it is continued.", call => call.ChangeAsync(
            HttpMethod.Post, Path(call) + "/pause", null, _ => $"Operation {call.Value(Id)} is paused."), Id),
        Call.Verb("continue", "Let a paused operation go on.", call => call.ChangeAsync(
            HttpMethod.Post, Path(call) + "/continue", null, _ => $"Operation {call.Value(Id)} goes on."), Id),
        Call.Verb("cancel", "Cancel an operation; what it did stays done.", call => call.ChangeAsync(
            HttpMethod.Delete, Path(call), null, _ => $"Operation {call.Value(Id)} is cancelled."), Id),
    };

    /// <summary>What is said of an operation that began.</summary>
    public static string Begun(JsonNode answer) => $"Operation {answer["id"]} has begun; websmtp operations show {answer["id"]} says how far it has come.";

    static string Path(Call call) => $"operations/{Uri.EscapeDataString(call.Value(Id))}";
}

/// <summary><c>websmtp destinations …</c></summary>
static class DestinationVerbs
{
    static readonly Argument<int> Site = new("site") { Description = "The site's id." };
    static readonly Argument<string> Domain = new("domain") { Description = "The destination." };
    static readonly Option<int> Limit = new("--limit") { Description = "At most so many.", HelpName = "count", DefaultValueFactory = _ => 100 };

    public static Command Noun() => new("destinations", "Where a site's mail goes, one destination at a time.")
    {
        List("list"),
        Act("hold", "Stop a destination: nothing is tried for it, nor collected, until it is released."),
        Act("release", "Let a stopped destination go on."),
        Act("retry", "Try what is queued for a destination now."),
    };

    public static Command List(string name) => Call.Verb(name, "List where a site's mail goes.", call => call.ListAsync(
        string.Create(CultureInfo.InvariantCulture, $"sites/{call.Value(Site)}/queues"), call.Value(Limit),
        Column.Of("DOMAIN", "domain"), Column.Of("WILL GO VIA", "willGoVia"), Column.Of("STATE", "state"), Column.Number("MESSAGES", "messages"),
        Column.Size("SIZE", "bytes"), Column.Time("OLDEST", "oldest"), Column.Time("NEXT ATTEMPT", "nextAttempt"), Column.Of("STOPPED BY", "stoppedBy"),
        Column.Of("LAST ERROR", "lastError")), Site, Limit);

    static Command Act(string verb, string description) => Call.Verb(verb, description, call => call.ChangeAsync(
        HttpMethod.Post, string.Create(CultureInfo.InvariantCulture, $"sites/{call.Value(Site)}/queues/{Uri.EscapeDataString(call.Value(Domain))}/{verb}"),
        null, OperationVerbs.Begun), Site, Domain);
}
