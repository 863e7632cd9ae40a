using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp sites …</c></summary>
static class SiteVerbs
{
    static readonly Argument<int> Id = new("site") { Description = "The site's id." };
    static readonly Argument<string> Name = new("name") { Description = "The site's name." };

    static readonly Option<JsonObject[]> Endpoint = new("--endpoint")
    {
        Description = "Address and port, such as 127.0.0.1:2526 or [::]:25. May be given more than once.",
        HelpName = "address:port",
        Required = true,
        CustomParser = Endpoints,
    };

    static readonly Option<string> Tls = new("--tls") { Description = "TLS on these endpoints.", DefaultValueFactory = _ => "startTls" };
    static readonly Option<bool> Odmr = new("--odmr") { Description = "Endpoints for collection by ATRN only (RFC 2645)." };
    static readonly Option<string> Mailroot = new("--mailroot") { Description = "Folder of Pickup, Queue, Drop and Badmail.", HelpName = "folder" };
    static readonly Option<string> DefaultDomain = new("--default-domain") { Description = "The default domain.", HelpName = "domain" };
    static readonly Option<string> Fqdn = new("--fqdn") { Description = "The name in the greeting.", HelpName = "name" };
    static readonly Option<bool> Manual = new("--manual") { Description = "It does not start with the program." };
    static readonly Option<bool> Wait = new("--wait") { Description = "Return when nothing is left." };
    static readonly Option<string> Messages = new("--messages") { Description = "What becomes of queued mail.", DefaultValueFactory = _ => "refuse" };
    static readonly Option<int?> To = new("--to") { Description = "The site that gets the mail, for --messages move.", HelpName = "site" };

    public static Command Noun()
    {
        Tls.AcceptOnlyFromAmong("none", "startTls", "requireStartTls", "implicit");
        Messages.AcceptOnlyFromAmong("refuse", "export", "move");
        return new("sites", "SMTP sites.")
        {
            Call.Verb("list", "List the sites.", call => call.ListAsync("sites", int.MaxValue,
                Column.Number("ID", "id"), Column.Of("NAME", "name"), Column.Of("STATE", "state"), new("ENDPOINTS", ShowEndpoints),
                Column.Of("DEFAULT DOMAIN", "defaultDomain"), Column.Of("REASON", "stateReason"))),
            Call.Verb("show", "Show a site with its settings.", call => call.ShowAsync(Path(call)), Id),
            Call.Verb("add", "Make a site; it is stopped until it is started.", AddAsync, Name, Endpoint, Tls, Odmr, DefaultDomain, Fqdn, Mailroot, Manual),
            Call.Verb("check", "Say whether addresses and ports are free, and whether a mail root can be written; nothing is made.", CheckAsync, Endpoint, Mailroot),
            Call.Verb("rename", "Rename a site.", call => call.ChangeAsync(
                HttpMethod.Patch, Path(call), new JsonObject { ["name"] = call.Value(Name) }, ShowState), Id, Name),
            Act("start", "Start a site."),
            Act("stop", "Stop a site."),
            Act("pause", "Take no new connections; go on delivering."),
            Call.Verb("drain", "Take no new mail, and deliver what there is. Continuing the site cancels it.", DrainAsync, Id, Wait),
            Act("continue", "Take connections again."),
            Call.Verb("delete", "Delete a site.", DeleteAsync, Id, Messages, To),
        };
    }

    static Command Act(string verb, string description) => Call.Verb(verb, description,
        call => call.ChangeAsync(HttpMethod.Post, $"{Path(call)}/{verb}", null, ShowState), Id);

    static async Task DrainAsync(Call call)
    {
        await call.ChangeAsync(HttpMethod.Post, $"{Path(call)}/drain", null, site => $"Site {site["id"]} '{site["name"]}' is being drained.");
        if (!call.Value(Wait)) return;
        for (string? before = null; ;)
        {
            var rest = (await call.SendAsync(HttpMethod.Get, $"{Path(call)}/drain"))!;
            if (rest["done"]!.GetValue<bool>()) break;
            if (!rest["draining"]!.GetValue<bool>()) throw new CommandException(ExitCode.Failed, "Somebody ended the drain.");
            var left = $"{rest["messages"]} messages and {rest["sessions"]} sessions are left.";
            if (left != before) call.Print(before = left);
            await call.PauseAsync(TimeSpan.FromSeconds(1));
        }
        call.Print($"Site {call.Value(Id)} is drained.");
    }

    static Task AddAsync(Call call) => call.ChangeAsync(HttpMethod.Post, "sites", new JsonObject
    {
        ["name"] = call.Value(Name),
        ["endpoints"] = new JsonArray([.. call.Value(Endpoint)!.Select(endpoint => With(call, endpoint))]),
        ["mailroot"] = call.Value(Mailroot),
        ["defaultDomain"] = call.Value(DefaultDomain),
        ["fqdn"] = call.Value(Fqdn),
        ["autoStart"] = !call.Value(Manual),
    }, site => string.Join(Environment.NewLine, ((IEnumerable<string>)[ShowState(site)]).Concat(site["warnings"]!.AsArray().Select(warning => $"Warning: {warning}"))));

    static Task CheckAsync(Call call) => call.ChangeAsync(HttpMethod.Post, "sites/check", new JsonObject
    {
        ["endpoints"] = new JsonArray([.. call.Value(Endpoint)!]),
        ["mailroot"] = call.Value(Mailroot),
    }, found => string.Join(Environment.NewLine,
    [
        .. found["endpoints"]!.AsArray().Select(one => one!["reason"]?.ToString() ?? one["warning"]?.ToString() ?? $"{one["address"]} port {one["port"]} is free."),
        .. found["errors"]!.AsObject().Select(error => $"{error.Key}: {error.Value![0]}"),
    ]));

    static JsonObject With(Call call, JsonObject endpoint)
    {
        endpoint["tls"] = call.Value(Tls);
        endpoint["odmr"] = call.Value(Odmr);
        return endpoint;
    }

    static Task DeleteAsync(Call call) => call.ChangeAsync(
        HttpMethod.Delete, $"{Path(call)}?messages={call.Value(Messages)}{(call.Value(To) is { } to ? $"&to={to.ToString(CultureInfo.InvariantCulture)}" : "")}", null,
        answer => answer["folder"] is { } folder
            ? $"Site {call.Value(Id)} is deleted; its {answer["messages"]} messages are in {folder}."
            : $"Site {call.Value(Id)} is deleted.");

    static string Path(Call call) => string.Create(CultureInfo.InvariantCulture, $"sites/{call.Value(Id)}");

    static string ShowState(JsonNode site) => $"Site {site["id"]} '{site["name"]}' is {site["state"]}.";

    static string ShowEndpoints(JsonNode site) => string.Join(", ", site["endpoints"]!.AsArray().Select(endpoint =>
    {
        var address = endpoint!["address"]!.GetValue<string>();
        return $"{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{endpoint["port"]}";
    }));

    static JsonObject[] Endpoints(ArgumentResult given) => [.. given.Tokens.Select(token =>
    {
        var colon = token.Value.LastIndexOf(':');
        if (colon > 0 && int.TryParse(token.Value.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return new JsonObject { ["address"] = token.Value[..colon].Trim('[', ']'), ["port"] = port };
        given.AddError($"'{token.Value}' is not address:port, such as 127.0.0.1:2526 or [::]:25.");
        return [];
    })];
}
