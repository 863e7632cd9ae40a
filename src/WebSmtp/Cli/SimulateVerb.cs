using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp simulate …</c></summary>
static class SimulateVerb
{
    static readonly Argument<int> Site = new("site") { Description = "The site's id." };
    static readonly Option<string> Client = new("--client") { Description = "The client's IP address.", HelpName = "address", Required = true };
    static readonly Option<string> From = new("--from") { Description = "The envelope's sender; \"\" for the null sender.", HelpName = "address", Required = true };
    static readonly Option<string> To = new("--to") { Description = "The recipient.", HelpName = "address", Required = true };
    static readonly Option<string> Account = new("--account") { Description = "The account that the client has logged in as.", HelpName = "name" };
    static readonly Option<long?> Size = new("--size") { Description = "Bytes that the client announces.", HelpName = "bytes" };
    static readonly Option<bool> Tls = new("--tls") { Description = "The client speaks TLS." };

    public static Command Verb() => Call.Verb(
        "simulate", "Say what a site would do with a message, and where it would go; nothing is sent.", call => call.ChangeAsync(
            HttpMethod.Post, string.Create(CultureInfo.InvariantCulture, $"sites/{call.Value(Site)}/simulate"), new JsonObject
            {
                ["clientAddress"] = call.Value(Client),
                ["tls"] = call.Value(Tls),
                ["account"] = call.Value(Account),
                ["mailFrom"] = call.Value(From),
                ["rcptTo"] = call.Value(To),
                ["size"] = call.Value(Size),
            }, Show),
        Site, Client, From, To, Account, Tls, Size);

    static string Show(JsonNode answer)
    {
        var route = answer["route"]!;
        var lines = new List<string> { $"{answer["decision"]}: {answer["reply"]}", "" };
        lines.AddRange(answer["steps"]!.AsArray().Select(step => $"{step!["stage"],-8} {step["result"]}\n         by {step["rule"]}"));
        lines.Add("");
        lines.AddRange(answer["rules"]!.AsArray().Select(rule => $"{(rule!["decided"]!.GetValue<bool>() ? "*" : " ")} {rule["stage"],-8} {rule["rule"]}: {rule["finding"]}"));
        lines.Add("");
        lines.Add($"Route {route["type"]}, {(route["domainRule"] is { } rule ? $"by the domain rule {rule}" : "no domain rule")}");
        if (route["folder"] is { } folder) lines.Add($"  into {folder}");
        lines.AddRange(route["hosts"]!.AsArray().Select(host => $"  {host!["name"]} [{host["address"]}]:{host["port"]}, TLS {host["tls"]}, via {host["via"]}"));
        lines.AddRange(route["trouble"]!.AsArray().Select(trouble => $"  ! {trouble}"));
        lines.Add("");
        lines.AddRange(answer["limits"]!.AsObject().Select(limit => $"{limit.Key} {limit.Value}"));
        return string.Join(Environment.NewLine, lines);
    }
}
