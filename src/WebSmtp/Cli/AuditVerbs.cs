using System.CommandLine;

namespace WebSmtp.Cli;

/// <summary><c>websmtp audit …</c></summary>
static class AuditVerbs
{
    static readonly Option<string> Actor = new("--actor") { Description = "This user or key: the whole name.", HelpName = "name" };
    static readonly Option<string> What = new("--object") { Description = "This and all below it, such as sites/2.", HelpName = "path" };
    static readonly Option<string> Action = new("--action") { Description = "This act, such as delete or 'read content'.", HelpName = "act" };
    static readonly Option<string> Outcome = new("--outcome") { Description = "done or refused.", HelpName = "outcome" };
    static readonly Option<string> From = new("--from") { Description = "Then or later, such as 2026-11-22T08:00:00Z.", HelpName = "time" };
    static readonly Option<string> To = new("--to") { Description = "Before then.", HelpName = "time" };
    static readonly Option<int> Limit = new("--limit") { Description = "At most so many.", HelpName = "count", DefaultValueFactory = _ => 100 };

    public static Command Noun() => new("audit", "Who did what, and what was refused.")
    {
        Call.Verb("list", "List the audit record, newest first.", call => call.ListAsync("audit" + Query(call), call.Value(Limit),
            Column.Time("AT", "at"), Column.Of("WHO", "actor"), Column.Of("FROM", "from"), Column.Of("THROUGH", "through"), Column.Of("ACT", "action"),
            Column.Of("OBJECT", "object"), Column.Of("OUTCOME", "outcome"), new("CHANGE", Change)), Actor, What, Action, Outcome, From, To, Limit),
    };

    static string Change(System.Text.Json.Nodes.JsonNode row) => row["reason"] is { } reason ? Output.Text(reason)
        : row["before"] is null && row["after"] is null ? "-" : $"{Output.Text(row["before"])} -> {Output.Text(row["after"])}";

    static string Query(Call call)
    {
        var given = string.Join('&', new[] { ("actor", Actor), ("object", What), ("action", Action), ("outcome", Outcome), ("from", From), ("to", To) }
            .Where(one => call.Value(one.Item2) is not null).Select(one => $"{one.Item1}={Uri.EscapeDataString(call.Value(one.Item2)!)}"));
        return given.Length > 0 ? "?" + given : "";
    }
}
