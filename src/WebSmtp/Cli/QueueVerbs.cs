using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp queue …</c></summary>
static class QueueVerbs
{
    static readonly Argument<int> Site = new("site") { Description = "The site's id." };
    static readonly Argument<string> Id = new("message") { Description = "The message's id." };

    static readonly Option<string> Domain = new("--domain") { Description = "Only mail for this domain.", HelpName = "domain" };
    static readonly Option<string> State = new("--state") { Description = "Only mail in this state: queued, held, delivering, retry, frozen, ...", HelpName = "state" };
    static readonly Option<string> Sender = new("--sender") { Description = "Only senders with this text in them.", HelpName = "text" };
    static readonly Option<string> Recipient = new("--recipient") { Description = "Only recipients with this text in them.", HelpName = "text" };
    static readonly Option<string> Subject = new("--subject") { Description = "Only subjects with this text in them.", HelpName = "text" };
    static readonly Option<string> OlderThan = new("--older-than") { Description = "Only mail received longer ago, such as P1D.", HelpName = "duration" };
    static readonly Option<bool> History = new("--history") { Description = "Mail that has left the queue as well." };
    static readonly Option<int> Limit = new("--limit") { Description = "At most so many.", HelpName = "count", DefaultValueFactory = _ => 100 };

    static readonly IReadOnlyList<(string Name, Option<string> Option)> Filters =
        [("domain", Domain), ("state", State), ("sender", Sender), ("recipient", Recipient), ("subject", Subject), ("olderThan", OlderThan)];

    static readonly string[] TraceMembers = ["recipient", "detail", "reply", "host", "address", "by"];

    public static Command Noun()
    {
        Limit.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int>() < 1) given.AddError("--limit must be at least 1.");
        });
        var queue = new Command("queue", "Queued and held mail.")
        {
            Call.Verb("list", "List a site's messages, oldest first.", ListAsync, [Site, .. Filters.Select(filter => filter.Option), History, Limit]),
            Call.Verb("show", "Show a message and what happened to it.", ShowAsync, Id),
            DestinationVerbs.List("destinations"),
        };
        foreach (var verb in QueueActVerbs.Verbs(Filters)) queue.Add(verb);
        return queue;
    }

    static Task ListAsync(Call call)
    {
        var query = string.Concat(Filters.Where(filter => call.Value(filter.Option) is not null)
            .Select(filter => $"&{filter.Name}={Uri.EscapeDataString(call.Value(filter.Option)!)}"));
        var history = call.Value(History) ? "true" : "false";
        return call.ListAsync(
            string.Create(CultureInfo.InvariantCulture, $"sites/{call.Value(Site)}/messages?history={history}{query}"), call.Value(Limit),
            Column.Of("ID", "id"), Column.Time("RECEIVED", "receivedAt"), Column.Size("SIZE", "size"),
            new("FROM", row => $"<{row["mailFrom"]}>"), new("TO", ShowRecipients), Column.Of("SUBJECT", "subject"));
    }

    static async Task ShowAsync(Call call)
    {
        await call.ShowAsync(Path(call));
        if (call.WantsJson) return;
        call.Print("");
        var trace = (await call.SendAsync(HttpMethod.Get, Path(call) + "/trace"))!["items"]!.AsArray();
        foreach (var one in trace)
        {
            var words = TraceMembers.Select(member => one![member]).OfType<JsonNode>().Select(Output.Text);
            call.Print($"{Output.Time(one!["at"])}  {one["event"]}  {string.Join("  ", words)}");
        }
    }

    static string Path(Call call) => $"messages/{Uri.EscapeDataString(call.Value(Id))}";

    static string ShowRecipients(JsonNode message)
    {
        var recipients = message["recipients"]!.AsArray();
        var first = recipients.Count == 0 ? "-" : $"{recipients[0]!["address"]} ({recipients[0]!["state"]})";
        return recipients.Count > 1 ? $"{first} and {recipients.Count - 1} more" : first;
    }
}
