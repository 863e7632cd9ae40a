using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp domains …</c></summary>
static class DomainVerbs
{
    static readonly Argument<int> Site = new("site") { Description = "The site's id." };
    static readonly Argument<string> Name = new("domain") { Description = "The domain; *.example.com is every subdomain." };

    static readonly Option<bool> Alias = new("--alias") { Description = "Another name for the site's default domain." };
    static readonly Option<bool> Hold = new("--hold") { Description = "Mail waits until it is collected." };
    static readonly Option<bool> Drop = new("--drop") { Description = "Mail goes into a local folder." };
    static readonly Option<bool> Dns = new("--dns") { Description = "Mail goes to the domain's hosts; the default for a remote domain." };
    static readonly Option<string> SmartHost = new("--smart-host") { Description = "Mail goes to this host.", HelpName = "host[:port]" };
    static readonly Option<string[]> UseSmartHost = new("--use-smart-host")
    {
        Description = "Mail goes to this smart host of websmtp smarthosts. May be given more than once: they are tried in order.",
        HelpName = "name",
    };
    static readonly Option<bool> Refuse = new("--refuse") { Description = "Mail is refused." };

    static readonly Option<bool> Etrn = new("--etrn") { Description = "With --hold: ETRN releases it." };
    static readonly Option<string> EtrnTo = new("--etrn-to") { Description = "With --etrn: where it goes, instead of the hosts from DNS.", HelpName = "host:port" };
    static readonly Option<string[]> TurnAccount = new("--turn-account")
    {
        Description = "With --hold: an account that may collect it with TURN or ATRN. May be given more than once.",
        HelpName = "account",
    };
    static readonly Option<string> MaxAge = new("--max-age") { Description = "With --hold: older mail expires, such as P30D.", HelpName = "duration" };
    static readonly Option<long?> MaxBytes = new("--max-bytes") { Description = "With --hold: bytes that may wait.", HelpName = "bytes" };
    static readonly Option<long?> MaxMessages = new("--max-messages") { Description = "With --hold: messages that may wait.", HelpName = "count" };
    static readonly Option<string> Folder = new("--directory") { Description = "With --drop: the folder, instead of the site's Drop.", HelpName = "folder" };
    static readonly Option<bool?> AllowRelay = new("--allow-relay") { Description = "Whether anyone who may connect may send to it.", HelpName = "true|false" };
    static readonly Option<KeyValuePair<string, JsonNode?>[]> Set = new("--set")
    {
        Description = "Override a setting of the site. May be given more than once.",
        HelpName = "setting=value",
        CustomParser = Settings,
    };

    static readonly Option<string[]> Selector = new("--selector") { Description = "A DKIM selector to look for. May be given more than once.", HelpName = "name" };
    static readonly Option<bool> Connect = new("--connect") { Description = "Connect to its mail hosts." };
    static readonly Option<bool> Policy = new("--policy") { Description = "Fetch its MTA-STS policy." };

    public static Command Noun() => new("domains", "Domains of a site.")
    {
        Call.Verb("list", "List a site's domains.", call => call.ListAsync(Path(call, name: false), int.MaxValue,
            Column.Of("NAME", "name"), Column.Of("KIND", "kind"), new("ROUTE", row => Output.Text(row["route"]!["type"])),
            new("COLLECTED BY", ShowCollectors), new("HELD", row => Output.Text(row["held"]?["messages"]), Right: true),
            new("OLDEST", row => Output.Time(row["held"]?["oldest"])), new("LAST COLLECTED", row => Output.Time(row["held"]?["lastCollected"]))), Site),
        Call.Verb("show", "Show a domain with the settings that hold for it.", call => call.ShowAsync(Path(call)), Site, Name),
        Call.Verb("add", "Make a domain.", AddAsync, Site, Name, Alias, Hold, Drop, Dns, SmartHost, UseSmartHost, Refuse,
            Etrn, EtrnTo, TurnAccount, MaxAge, MaxBytes, MaxMessages, Folder, AllowRelay, Set),
        Call.Verb("delete", "Delete a domain.", call => call.ChangeAsync(
            HttpMethod.Delete, Path(call), null, _ => $"Domain {call.Value(Name)} of site {call.Value(Site)} is deleted."), Site, Name),
        Call.Verb("dns", "Look at a domain as others do: MX, SPF, DKIM, DMARC, MTA-STS, TLS-RPT.", ShowDnsAsync, Site, Name, Selector, Connect, Policy),
        Call.Verb("dequeue", "Deliver a domain's held mail now, as ETRN would.", call => call.ChangeAsync(
            HttpMethod.Post, Path(call) + "/dequeue", null, answer => $"Started; {answer["messages"]} messages wait for {call.Value(Name)}."), Site, Name),
    };

    static async Task ShowDnsAsync(Call call)
    {
        var query = new List<string>();
        if (call.Value(Selector) is { Length: > 0 } selectors) query.Add($"selectors={Uri.EscapeDataString(string.Join(',', selectors))}");
        if (call.Value(Connect)) query.Add("connect=true");
        if (call.Value(Policy)) query.Add("policy=true");
        await call.ChangeAsync(HttpMethod.Get, $"{Path(call)}/dns{(query.Count > 0 ? "?" + string.Join('&', query) : "")}", null, found => string.Join(Environment.NewLine,
        [
            .. found["hosts"]!.AsArray().Select(host => $"{host!["preference"],3} {host["name"]} {string.Join(", ", host["addresses"]!.AsArray())}{(host["answer"] is { } answer ? $": {answer}" : "")}"),
            .. found["findings"]!.AsArray().SelectMany(finding => (string[])
            [
                $"{finding!["topic"],-8} {finding["verdict"]}: {finding["says"]}",
                .. finding["publish"] is { } publish ? [$"         publish {publish}"] : Array.Empty<string>(),
            ]),
        ]));
    }

    static Task AddAsync(Call call)
    {
        var types = new (Option Option, string Type)[]
            { (Hold, "hold"), (Drop, "drop"), (Dns, "dns"), (SmartHost, "smartHost"), (UseSmartHost, "smartHost"), (Refuse, "refuse") }
            .Where(pair => call.Has(pair.Option)).ToList();
        if (types.Count > 1)
            throw new CommandException(ExitCode.WrongUsage, $"Give only one of {string.Join(", ", types.Select(pair => pair.Option.Name))}.");
        var body = new JsonObject { ["name"] = call.Value(Name), ["kind"] = call.Value(Alias) ? "alias" : "remote" };
        if (types is [var (_, type)]) body["route"] = Route(call, type);
        else if (new Option[] { Etrn, EtrnTo, TurnAccount, MaxAge, MaxBytes, MaxMessages, Folder }.Any(call.Has))
            throw new CommandException(ExitCode.WrongUsage, "Say where mail goes: --hold or --drop.");
        if (call.Value(AllowRelay) is { } allow) body["allowRelay"] = allow;
        if (call.Value(Set) is { Length: > 0 } settings) body["overrides"] = new JsonObject(settings);
        return call.ChangeAsync(HttpMethod.Post, Path(call, name: false), body,
            domain => $"Domain {domain["name"]} of site {call.Value(Site)} is made: {domain["route"]!["type"]}.");
    }

    static JsonObject Route(Call call, string type)
    {
        var route = new JsonObject { ["type"] = type };
        if (call.Value(Etrn)) route["etrn"] = true;
        if (call.Value(TurnAccount) is { Length: > 0 } accounts) route["turnAccounts"] = new JsonArray([.. accounts.Select(account => (JsonNode)account)]);
        if (call.Value(EtrnTo) is { } to) route["etrnTo"] = to;
        if (call.Value(MaxAge) is { } age) route["maxAge"] = age;
        if (call.Value(MaxBytes) is { } bytes) route["maxBytes"] = bytes;
        if (call.Value(MaxMessages) is { } messages) route["maxMessages"] = messages;
        if (call.Value(Folder) is { } folder) route["directory"] = folder;
        if (call.Value(SmartHost) is { } host) route["smartHost"] = Host(host);
        if (call.Value(UseSmartHost) is { Length: > 0 } names) route["smartHost"] = new JsonObject { ["use"] = new JsonArray([.. names.Select(name => (JsonNode)name)]) };
        return route;
    }

    /// <summary>A name or <c>[address]</c>, with a port behind it or not.</summary>
    static JsonObject Host(string given)
    {
        var colon = given.LastIndexOf(':');
        return colon > given.LastIndexOf(']') && int.TryParse(given.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new() { ["host"] = given[..colon], ["port"] = port }
            : new() { ["host"] = given };
    }

    static string Path(Call call, bool name = true) => string.Create(CultureInfo.InvariantCulture,
        $"sites/{call.Value(Site)}/domains{(name ? "/" + Uri.EscapeDataString(call.Value(Name)) : "")}");

    static string ShowCollectors(JsonNode domain)
    {
        var route = domain["route"]!;
        var ways = (route["turnAccounts"]?.AsArray() ?? []).Select(Output.Text).ToList();
        if (route["etrn"]?.GetValue<bool>() is true) ways.Add("ETRN");
        return ways.Count == 0 ? "-" : string.Join(", ", ways);
    }

    static KeyValuePair<string, JsonNode?>[] Settings(ArgumentResult given) => [.. given.Tokens.Select(token =>
    {
        var equals = token.Value.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0) return KeyValuePair.Create(token.Value[..equals], Value(token.Value[(equals + 1)..]));
        given.AddError($"'{token.Value}' is not setting=value.");
        return default;
    })];

    /// <summary>JSON where it is JSON (20, true, ["a"]), else the text itself (PT15M).</summary>
    static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
