using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp queue freeze|release|retry|bounce|redirect|delete …</c>: one message, or all of a site that match.</summary>
static class QueueActVerbs
{
    static readonly Argument<string?> Id = new("message") { Description = "The message's id; left out: all that match, with --site.", Arity = ArgumentArity.ZeroOrOne };
    static readonly Option<int?> Site = new("--site") { Description = "Instead of a message: all of this site that match.", HelpName = "id" };
    static readonly Option<string> ToDomain = new("--to-domain") { Description = "As if it were for this domain.", HelpName = "domain" };
    static readonly Option<string> ToSmartHost = new("--to-smart-host") { Description = "Over this kept smart host.", HelpName = "name" };
    static readonly Option<int?> ToSite = new("--to-site") { Description = "By another site, with all recipients.", HelpName = "id" };

    static readonly Option<bool> All = new("--all") { Description = "With --site and no filter: everything that the site has." };

    public static IEnumerable<Command> Verbs(IReadOnlyList<(string Name, Option<string> Option)> filters)
    {
        Symbol[] symbols = [Id, Site, All, .. filters.Select(filter => filter.Option)];
        foreach (var (act, description, done) in ((string, string, string)[])[
            ("freeze", "Try nothing for it until it is released.", "frozen"),
            ("release", "Let frozen mail go on.", "released"),
            ("retry", "Try queued mail now.", "due now"),
            ("bounce", "Return it to its sender.", "returned"),
            ("delete", "Delete it: it is neither delivered nor returned.", "deleted")])
            yield return Call.Verb(act, description, call => ActAsync(call, filters, act, done, null), symbols);
        yield return Call.Verb("export", "Write copies of all that match as files that a Pickup folder takes, below the site's mail root.",
            call => ActAsync(call, filters, "export", "exported", null), [.. symbols.Where(symbol => symbol != Id)]);
        yield return Call.Verb("redirect", "Send it another way.", call => ActAsync(call, filters, "redirect", "redirected", Target(call)),
            [.. symbols, ToDomain, ToSmartHost, ToSite]);
    }

    static Task ActAsync(Call call, IReadOnlyList<(string Name, Option<string> Option)> filters, string act, string done, JsonObject? target)
    {
        var given = filters.Where(filter => call.Value(filter.Option) is not null).ToList();
        if (act is not "export" && call.Value(Id) is { } id)
        {
            if (call.Has(Site) || given.Exists(filter => filter.Name != "recipient"))
                throw new CommandException(ExitCode.WrongUsage, "Give a message, with --recipient or without, or --site and what is to match.");
            var path = $"messages/{Uri.EscapeDataString(id)}";
            var recipient = given.Count > 0 ? $"?recipient={Uri.EscapeDataString(call.Value(given[0].Option)!)}" : "";
            return act is "delete"
                ? call.ChangeAsync(HttpMethod.Delete, path + recipient, null, _ => $"Message {id} is {done}.")
                : call.ChangeAsync(HttpMethod.Post, $"{path}/{act}{recipient}", target, _ => $"Message {id} is {done}.");
        }
        if (call.Value(Site) is not { } site) throw new CommandException(ExitCode.WrongUsage, "Give a message, or --site and what is to match.");
        if (given.Count == 0 && act is "bounce" or "delete" or "redirect" && !call.Value(All))
            throw new CommandException(ExitCode.WrongUsage, $"This would {act} everything that site {site} has: say what is to match, or --all.");
        var body = target ?? [];
        body["action"] = act;
        body["filter"] = new JsonObject(given.Select(filter => KeyValuePair.Create(filter.Name, (JsonNode?)call.Value(filter.Option))));
        return call.ChangeAsync(HttpMethod.Post, string.Create(CultureInfo.InvariantCulture, $"sites/{site}/messages/actions"), body, OperationVerbs.Begun);
    }

    static JsonObject Target(Call call)
    {
        var target = new JsonObject();
        if (call.Value(ToDomain) is { } domain) target["domain"] = domain;
        if (call.Value(ToSmartHost) is { } host) target["smartHost"] = host;
        if (call.Value(ToSite) is { } site) target["siteId"] = site;
        return target.Count == 1 ? target : throw new CommandException(ExitCode.WrongUsage, "Give one of --to-domain, --to-smart-host and --to-site.");
    }
}
