using System.CommandLine;
using System.Globalization;

namespace WebSmtp.Cli;

/// <summary><c>websmtp sessions …</c></summary>
static class SessionVerbs
{
    static readonly Argument<int> Site = new("site") { Description = "The site's id." };
    static readonly Argument<string> Id = new("session") { Description = "The session's id." };

    public static Command Noun() => new("sessions", "SMTP sessions that live now.")
    {
        Call.Verb("list", "List a site's sessions.", call => call.ListAsync(
            string.Create(CultureInfo.InvariantCulture, $"sites/{call.Value(Site)}/sessions"), int.MaxValue,
            Column.Of("ID", "id"), Column.Of("FROM", "remoteAddress"), Column.Of("TO", "localEndpoint"), Column.Of("HELO", "helo"),
            Column.Of("ACCOUNT", "account"), Column.Of("TLS", "tls"), Column.Of("STAGE", "stage"), Column.Time("SINCE", "startedAt"),
            Column.Number("MESSAGES", "messages"), Column.Size("SIZE", "bytes")), Site),
        Call.Verb("close", "Close a session with 421.", call => call.ChangeAsync(
            HttpMethod.Delete, $"sessions/{Uri.EscapeDataString(call.Value(Id))}", null, _ => $"Session {call.Value(Id)} is asked to end."), Id),
    };
}
