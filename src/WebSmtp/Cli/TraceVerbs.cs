using System.CommandLine;
using System.Globalization;

namespace WebSmtp.Cli;

/// <summary><c>websmtp trace …</c> and <c>websmtp rejections …</c></summary>
static class TraceVerbs
{
    static readonly Option<string> MessageId = new("--message-id") { Description = "Our id, or the header's Message-ID.", HelpName = "id" };
    static readonly Option<string> Sender = new("--sender") { Description = "This sender: the whole address.", HelpName = "address" };
    static readonly Option<string> Recipient = new("--recipient") { Description = "This recipient: the whole address.", HelpName = "address" };
    static readonly Option<string> Client = new("--client") { Description = "This client's address.", HelpName = "ip" };
    static readonly Option<string> What = new("--what") { Description = "Only these, by their own time: refused, delivered, deferred or failed.", HelpName = "kind" };
    static readonly Option<string> From = new("--from") { Description = "Received then or later, such as 2026-11-22T08:00:00Z.", HelpName = "time" };
    static readonly Option<string> To = new("--to") { Description = "Received before then.", HelpName = "time" };
    static readonly Option<string> InSite = new("--site") { Description = "Only this site.", HelpName = "id" };
    static readonly Option<int> Limit = new("--limit") { Description = "At most so many.", HelpName = "count", DefaultValueFactory = _ => 100 };
    static readonly Argument<int> Site = new("site") { Description = "The site's id." };

    public static Command Trace() => Call.Verb("trace", "Find out what became of mail, newest first: messages, living or gone, and refusals.",
        call => call.ListAsync("trace" + Query(call, ("messageId", MessageId), ("sender", Sender), ("recipient", Recipient), ("what", What), ("from", From), ("to", To), ("siteId", InSite)),
            call.Value(Limit),
            Column.Time("AT", "at"), Column.Of("MESSAGE", "messageId"), Column.Of("EVENT", "event"), Column.Of("FROM", "mailFrom"), Column.Of("TO", "recipient"),
            Column.Of("REPLY", "reply"), Column.Of("HOST", "host"), Column.Of("ADDRESS", "address"), Column.Of("BY", "by"), Column.Of("DETAIL", "detail")),
        MessageId, Sender, Recipient, What, From, To, InSite, Limit);

    public static Command Rejections() => Call.Verb("rejections", "List what a site refused, newest first.",
        call => call.ListAsync(
            string.Create(CultureInfo.InvariantCulture, $"sites/{call.Value(Site)}/rejections")
                + Query(call, ("client", Client), ("sender", Sender), ("recipient", Recipient), ("from", From), ("to", To)),
            call.Value(Limit),
            Column.Time("AT", "at"), Column.Of("CLIENT", "client"), Column.Of("STAGE", "stage"), Column.Of("ACCOUNT", "account"), Column.Of("FROM", "mailFrom"),
            Column.Of("TO", "recipient"), Column.Of("REPLY", "reply")),
        Site, Client, Sender, Recipient, From, To, Limit);

    static string Query(Call call, params (string Name, Option<string> Option)[] options)
    {
        var given = string.Join('&', options.Where(one => call.Value(one.Option) is not null)
            .Select(one => $"{one.Name}={Uri.EscapeDataString(call.Value(one.Option)!)}"));
        return given.Length > 0 ? "?" + given : "";
    }
}
