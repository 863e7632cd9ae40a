using System.CommandLine;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp smarthosts …</c></summary>
static class SmartHostVerbs
{
    const string ClientCredentials = "client-credentials", RefreshToken = "refresh-token";

    static readonly Argument<string> Name = new("name") { Description = "The smart host's name." };
    static readonly Option<string> Host = new("--host") { Description = "Its name, or its address in brackets.", HelpName = "host" };
    static readonly Option<int?> Port = new("--port") { Description = "TCP port. Default: 587 with a log-in, 465 with implicit TLS, else 25.", HelpName = "port" };
    static readonly Option<string> Tls = new("--tls") { Description = "Default: verify with a log-in, opportunistic without." };
    static readonly Option<string> Authority = new("--certificate-authority") { Description = "PEM file of the authorities to trust instead of the system's.", HelpName = "file" };
    static readonly Option<string> Certificate = new("--client-certificate") { Description = "PEM file of a certificate and its key to show.", HelpName = "file" };
    static readonly Option<string> Username = new("--username") { Description = "Log in as this account or mailbox, by password unless --oauth2 is given.", HelpName = "name" };
    static readonly Option<string> OAuth2 = new("--oauth2") { Description = "Log in with a token that is got this way." };
    static readonly Option<string> Preset = new("--preset") { Description = "With --oauth2: fills in what is known of this provider." };
    static readonly Option<string> Tenant = new("--tenant") { Description = "With --preset microsoft365: the directory (tenant) id or a domain of the organization.", HelpName = "tenant" };
    static readonly Option<string> Endpoint = new("--token-endpoint") { Description = "With --oauth2: the https address that hands out tokens.", HelpName = "url" };
    static readonly Option<string> ClientId = new("--client-id") { Description = "With --oauth2: the application's id.", HelpName = "id" };
    static readonly Option<string> Scope = new("--scope") { Description = "With --oauth2: what is asked for.", HelpName = "scope" };
    static readonly Option<bool> NoLogIn = new("--no-login") { Description = "Do not log in any more." };
    static readonly Option<bool> SecretStdin = new("--secret-stdin")
    {
        Description = "Read the secrets from standard input, one a line: the password; with --oauth2 the client secret, and for refresh-token the refresh token below it.",
    };
    static readonly Option<string> SecretFile = new("--secret-file") { Description = "Read them from this file instead.", HelpName = "file" };
    static readonly Option<int?> Connections = new("--max-connections") { Description = "Connections at the same time; 0: no limit.", HelpName = "count" };
    static readonly Option<int?> PerMinute = new("--per-minute") { Description = "Messages in a minute; 0: no limit.", HelpName = "count" };
    static readonly Option<int?> PerDay = new("--per-day") { Description = "Messages in a day; 0: no limit.", HelpName = "count" };
    static readonly Option<string> From = new("--from") { Description = "Send one message from this address.", HelpName = "address" };
    static readonly Option<string> To = new("--to") { Description = "Its recipient.", HelpName = "address" };

    static readonly Symbol[] Members =
    [
        Host, Port, Tls, Authority, Certificate, Username, OAuth2, Preset, Tenant, Endpoint, ClientId, Scope, SecretStdin, SecretFile,
        Connections, PerMinute, PerDay,
    ];

    public static Command Noun()
    {
        Tls.AcceptOnlyFromAmong("none", "opportunistic", "require", "verify", "implicit");
        OAuth2.AcceptOnlyFromAmong(ClientCredentials, RefreshToken);
        Preset.AcceptOnlyFromAmong("microsoft365", "google");
        return new("smarthosts", "Hosts that mail is handed to.")
        {
            Call.Verb("list", "List the smart hosts.", call => call.ListAsync("smarthosts", int.MaxValue,
                Column.Of("NAME", "name"), new("HOST", row => $"{row["host"]}:{row["port"]}"), Column.Of("TLS", "tls"),
                new("LOG-IN", row => Output.Text(row["auth"]!["type"])), new("AS", row => Output.Text(row["auth"]!["username"])),
                new("LAST LOG-IN", row => Output.Time(row["status"]!["lastLogIn"])), new("TROUBLE", row => Output.Text(row["status"]!["trouble"])))),
            Call.Verb("show", "Show a smart host; never its secrets.", call => call.ShowAsync(Path(call)), Name),
            Call.Verb("add", "Make a smart host; asks for what it is logged in to with.", call =>
            {
                var body = Body(call, isNew: true);
                body["name"] = call.Value(Name);
                return call.ChangeAsync(HttpMethod.Post, "smarthosts", body, host => $"Smart host {host["name"]} is made: {host["host"]}:{host["port"]}.");
            }, [Name, .. Members]),
            Call.Verb("set", "Change a smart host. Secrets stay unless others are given with --secret-stdin or --secret-file.", call => call.ChangeAsync(
                HttpMethod.Patch, Path(call), Body(call, isNew: false), host => $"Smart host {host["name"]} is changed."), [Name, .. Members, NoLogIn]),
            Call.Verb("test", "Connect and log in as a delivery does, and say what failed; with --from and --to send one message.", TestAsync, Name, From, To),
            Call.Verb("delete", "Delete a smart host that no route uses.", call => call.ChangeAsync(
                HttpMethod.Delete, Path(call), null, _ => $"Smart host {call.Value(Name)} is deleted."), Name),
        };
    }

    static string Path(Call call) => $"smarthosts/{Uri.EscapeDataString(call.Value(Name))}";

    static JsonObject Body(Call call, bool isNew)
    {
        var body = new JsonObject();
        Put(body, "host", call.Value(Host));
        Put(body, "port", call.Value(Port));
        Put(body, "tls", call.Value(Tls));
        Put(body, "certificateAuthority", ReadFile(call.Value(Authority)));
        Put(body, "clientCertificate", ReadFile(call.Value(Certificate)));
        var auth = Auth(call, isNew);
        if (auth.Count > 0) body["auth"] = auth;
        var limits = new JsonObject();
        Put(limits, "connections", call.Value(Connections));
        Put(limits, "perMinute", call.Value(PerMinute));
        Put(limits, "perDay", call.Value(PerDay));
        if (limits.Count > 0) body["limits"] = limits;
        return body;
    }

    static JsonObject Auth(Call call, bool isNew)
    {
        if (call.Value(NoLogIn)) return new() { ["type"] = "none" };
        var type = call.Value(OAuth2) switch
        {
            ClientCredentials => "oauth2ClientCredentials",
            RefreshToken => "oauth2RefreshToken",
            _ when isNew && call.Has(Username) => "password",
            _ => null,
        };
        var auth = new JsonObject();
        Put(auth, "type", type);
        Put(auth, "username", call.Value(Username));
        Put(auth, "preset", call.Value(Preset));
        Put(auth, "tenant", call.Value(Tenant));
        Put(auth, "tokenEndpoint", call.Value(Endpoint));
        Put(auth, "clientId", call.Value(ClientId));
        Put(auth, "scope", call.Value(Scope));
        if (isNew ? type is not null : call.Value(SecretStdin) || call.Value(SecretFile) is not null)
            AddSecrets(call, type ?? TypeOf(call, auth), auth);
        return auth;
    }

    /// <summary>Which secrets there are depends on the kind of log-in that it has.</summary>
    static string TypeOf(Call call, JsonObject auth)
    {
        var type = call.SendAsync(HttpMethod.Get, Path(call)).GetAwaiter().GetResult()!["auth"]!["type"]!.GetValue<string>();
        if (type is not "none") return type;
        auth["type"] = "password";
        return "password";
    }

    static void AddSecrets(Call call, string type, JsonObject auth)
    {
        (string Words, string Member)[] wanted = type switch
        {
            "password" => [("password", "password")],
            "oauth2ClientCredentials" => [("client secret", "clientSecret")],
            _ => [("client secret (empty: none)", "clientSecret"), ("refresh token", "refreshToken")],
        };
        var given = Secrets.Read([.. wanted.Select(one => one.Words)], call.Value(SecretFile), call.Value(SecretStdin), SecretStdin.Name);
        foreach (var ((_, member), secret) in wanted.Zip(given)) auth[member] = secret.Length > 0 ? secret : null;
    }

    static async Task TestAsync(Call call)
    {
        var body = new JsonObject();
        Put(body, "from", call.Value(From));
        Put(body, "to", call.Value(To));
        var result = (await call.SendAsync(HttpMethod.Post, Path(call) + "/test", body))!;
        if (call.WantsJson)
        {
            call.Print(result.ToJsonString(Output.Indented));
        }
        else
        {
            foreach (var step in result["steps"]!.AsArray()) Print(call, step!);
        }
        if (!result["ok"]!.GetValue<bool>()) throw new CommandException(ExitCode.Failed, $"Smart host {call.Value(Name)} does not work.");
    }

    static void Print(Call call, JsonNode step)
    {
        var failed = step["result"]!.GetValue<string>() is "failed";
        call.Print($"{step["step"],-9} {(failed ? "FAILED" : "ok"),-7} {Output.Printable(Output.Text(step["detail"]))}");
        if (step["reply"] is { } reply) call.Print($"{"",-18}The host said: {Output.Printable(Output.Text(reply))}");
        if (step["cause"] is { } cause) call.Print($"{"",-18}{Output.Printable(Output.Text(cause))}");
    }

    static void Put(JsonObject members, string name, JsonNode? value)
    {
        if (value is not null) members[name] = value;
    }

    static string? ReadFile(string? path)
    {
        try
        {
            return path is null ? null : File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.WrongUsage, $"{path} cannot be read: {e.Message}");
        }
    }
}
