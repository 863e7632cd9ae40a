using System.CommandLine;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp service …</c></summary>
static class ServiceVerbs
{
    static readonly Argument<int> Version = new("version") { Description = "1: only the default site, no ETRN, TURN and ATRN. 2: everything." };

    public static Command Noun() => new("service", "The server itself.")
    {
        Call.Verb("show", "Show version and switches.", call => call.ShowAsync("service")),
        Call.Verb("set-version", "Set smtpServiceVersion.", call => call.ChangeAsync(
            HttpMethod.Patch, "service", new JsonObject { ["smtpServiceVersion"] = call.Value(Version) },
            service => $"smtpServiceVersion is {service["smtpServiceVersion"]}."), Version),
    };
}
