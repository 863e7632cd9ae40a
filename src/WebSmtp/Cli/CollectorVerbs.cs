using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp collectors …</c></summary>
static class CollectorVerbs
{
    static readonly Argument<int> Site = new("site") { Description = "The id of the site that the mail is for." };
    static readonly Argument<string> Name = new("name") { Description = "The collector's name." };

    static readonly Option<string> Host = new("--host") { Description = "The provider's name or address.", HelpName = "host" };
    static readonly Option<int?> Port = new("--port") { Description = "The provider's port; default 25. ODMR (ATRN) is mostly 366.", HelpName = "port" };
    static readonly Option<string> Tls = new("--tls") { Description = "TLS towards the provider; default opportunistic." };
    static readonly Option<FileInfo> Authority = new("--ca") { Description = "File with the PEM certificates to trust instead of the system's.", HelpName = "file" };
    static readonly Option<string> Method = new("--method") { Description = "How to ask." };
    static readonly Option<string> User = new("--user") { Description = "User name to log in with; asks for the password.", HelpName = "name" };
    static readonly Option<bool> NoUser = new("--no-user") { Description = "Do not log in any more." };
    static readonly Option<string[]> Domains = new("--domain") { Description = "A domain to ask for. May be given more than once.", HelpName = "domain" };
    static readonly Option<string> Cron = new("--cron") { Description = "When it runs: minute hour day month weekday, UTC.", HelpName = "expression" };
    static readonly Option<string> Every = new("--every") { Description = "It runs so often, such as PT15M.", HelpName = "duration" };
    static readonly Option<bool> OnDemand = new("--on-demand") { Description = "It has no schedule." };
    static readonly Option<bool> Disabled = new("--disabled") { Description = "Its schedule is off." };
    static readonly Option<bool> Enabled = new("--enabled") { Description = "Its schedule is on." };
    static readonly Option<int> Limit = new("--limit") { Description = "At most so many.", HelpName = "count", DefaultValueFactory = _ => 20 };

    public static Command Noun()
    {
        Tls.AcceptOnlyFromAmong("none", "opportunistic", "require", "verify", "implicit");
        Method.AcceptOnlyFromAmong("etrn", "turn", "atrn");
        Option[] settings = [Host, Port, Tls, Authority, Method, User, AccountVerbs.PasswordStdin, Domains, Cron, Every, Disabled];
        return new("collectors", "Collect a site's mail from servers that hold it.")
        {
            Call.Verb("list", "List a site's collectors.", call => call.ListAsync(Path(call, name: false), int.MaxValue,
                Column.Of("NAME", "name"), new("FROM", row => $"{row["host"]}:{row["port"]}"), Column.Of("METHOD", "method"), Column.Of("DOMAINS", "domains"),
                Column.Of("ENABLED", "enabled"), new("LAST RUN", row => Output.Time(row["lastRun"]?["startedAt"])),
                new("RESULT", row => Output.Text(row["lastRun"]?["result"])), Column.Time("NEXT RUN", "nextRun")), Site),
            Call.Verb("show", "Show a collector.", call => call.ShowAsync(Path(call)), Site, Name),
            Call.Verb("add", "Make a collector.", AddAsync, [Site, Name, .. settings]),
            Call.Verb("set", "Change a collector.", call => call.ChangeAsync(HttpMethod.Patch, Path(call), Settings(call),
                one => $"Collector {one["name"]} of site {call.Value(Site)} is changed."), [Site, Name, .. settings, Enabled, NoUser, OnDemand]),
            Call.Verb("run", "Run a collector now.", call => call.ChangeAsync(HttpMethod.Post, Path(call) + "/run", null,
                run => $"Collector {call.Value(Name)} runs (run {run["id"]}); 'websmtp collectors runs' shows what comes of it."), Site, Name),
            Call.Verb("runs", "List a collector's runs, newest first.", call => call.ListAsync(Path(call) + "/runs", call.Value(Limit),
                Column.Number("ID", "id"), Column.Time("STARTED", "startedAt"), Column.Time("ENDED", "endedAt"), Column.Of("RESULT", "result"),
                Column.Number("MESSAGES", "messages"), Column.Size("SIZE", "bytes"), Column.Of("BY", "by"), Column.Of("END", "end")), Site, Name, Limit),
            Call.Verb("delete", "Delete a collector.", call => call.ChangeAsync(HttpMethod.Delete, Path(call), null,
                _ => $"Collector {call.Value(Name)} of site {call.Value(Site)} is deleted."), Site, Name),
        };
    }

    static Task AddAsync(Call call)
    {
        var body = Settings(call);
        if (call.Value(Host) is null || call.Value(Method) is null)
            throw new CommandException(ExitCode.WrongUsage, "Say whom to ask and how: --host and --method.");
        body["name"] = call.Value(Name);
        return call.ChangeAsync(HttpMethod.Post, Path(call, name: false), body,
            one => $"Collector {one["name"]} of site {call.Value(Site)} is made; {(one["nextRun"] is null ? "it runs on demand" : $"it runs next at {Output.Time(one["nextRun"])}")}.");
    }

    /// <summary>What was given; a schedule takes the place of the other kind.</summary>
    static JsonObject Settings(Call call)
    {
        var body = new JsonObject();
        if (call.Value(Host) is { } host) body["host"] = host;
        if (call.Value(Port) is { } port) body["port"] = port;
        if (call.Value(Tls) is { } tls) body["tls"] = tls;
        if (call.Value(Authority) is { } file) body["certificateAuthority"] = Read(file);
        if (call.Value(Method) is { } method) body["method"] = method;
        if (call.Value(Domains) is { Length: > 0 } domains) body["domains"] = new JsonArray([.. domains.Select(domain => (JsonNode)domain)]);
        if (call.Value(User) is { } user) (body["username"], body["password"]) = (user, AccountVerbs.ReadPassword(call));
        if (call.Value(NoUser)) body["username"] = null;
        if (call.Value(Cron) is { } cron) (body["schedule"], body["every"]) = (cron, null);
        if (call.Value(Every) is { } every) (body["every"], body["schedule"]) = (every, null);
        if (call.Value(OnDemand)) (body["every"], body["schedule"]) = (null, null);
        if (call.Value(Disabled)) body["enabled"] = false;
        if (call.Value(Enabled)) body["enabled"] = true;
        return body;
    }

    static string Read(FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.WrongUsage, $"'{file}' cannot be read: {e.Message}");
        }
    }

    static string Path(Call call, bool name = true) => string.Create(CultureInfo.InvariantCulture,
        $"sites/{call.Value(Site)}/collectors{(name ? "/" + Uri.EscapeDataString(call.Value(Name)) : "")}");
}
