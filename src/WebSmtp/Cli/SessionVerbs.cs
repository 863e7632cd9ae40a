using System.CommandLine;
using System.Globalization;

namespace WebSmtp.Cli;

/// <summary><c>websmtp sessions …</c></summary>
static class SessionVerbs
{
    static readonly Argument<int> Site = new("site") { Description = "The site's id." };
    static readonly Argument<string> Id = new("session") { Description = "The session's id." };

    static readonly Option<bool> Ended = new("--ended") { Description = "Those that have ended, in place of those that live." };
    static readonly Option<string?> Address = new("--address") { Description = "Only this address, or those that begin so." };
    static readonly Option<string?> Account = new("--account") { Description = "Only this account." };
    static readonly Option<string?> Outcome = new("--outcome") { Description = "With --ended: completed, refused, broken or closed." };
    static readonly Argument<string> Whole = new("address") { Description = "The address of the other side." };

    public static Command Noun() => new("sessions", "SMTP sessions, living and ended.")
    {
        Call.Verb("list", "List a site's sessions.", call => call.ListAsync(
            ListPath(call), int.MaxValue,
            Column.Of("ID", "id"), Column.Of("DIRECTION", "direction"), Column.Of("PEER", "remoteAddress"), Column.Of("NAME", "helo"),
            Column.Of("ACCOUNT", "account"), Column.Of("TLS", "tls"), Column.Of("STAGE", "stage"), Column.Time("SINCE", "startedAt"),
            Column.Number("MESSAGES", "messages"), Column.Size("IN", "bytesReceived"), Column.Size("OUT", "bytesSent"), Column.Of("END", "end")),
            Site, Ended, Address, Account, Outcome),
        Call.Verb("show", "Show a session with its conversation.", call => call.ShowConversationAsync($"sessions/{Uri.EscapeDataString(call.Value(Id))}"), Id),
        Call.Verb("close", "Close a session with 421.", call => call.ChangeAsync(
            HttpMethod.Delete, $"sessions/{Uri.EscapeDataString(call.Value(Id))}", null, _ => $"Session {call.Value(Id)} is asked to end."), Id),
        Call.Verb("close-all", "Close all sessions that a site has with an address.", call => call.ChangeAsync(
            HttpMethod.Delete, string.Create(CultureInfo.InvariantCulture, $"sites/{call.Value(Site)}/sessions?address={Uri.EscapeDataString(call.Value(Whole))}"), null,
            answer => $"{Output.Text(answer["sessions"])} asked to end."), Site, Whole),
    };

    static string ListPath(Call call)
    {
        var query = new List<string>();
        if (call.Value(Ended)) query.Add("history=true");
        foreach (var (name, option) in new[] { ("address", Address), ("account", Account), ("outcome", Outcome) })
            if (call.Value(option) is { } value) query.Add($"{name}={Uri.EscapeDataString(value)}");
        var path = string.Create(CultureInfo.InvariantCulture, $"sites/{call.Value(Site)}/sessions");
        return query.Count == 0 ? path : $"{path}?{string.Join('&', query)}";
    }
}
