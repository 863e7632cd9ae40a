using System.CommandLine;

namespace WebSmtp.Cli;

/// <summary><c>websmtp health</c>: for container engines and scripts.</summary>
static class HealthVerb
{
    public static Command Verb() => Call.Verb("health", "Ask the server whether it is ready; exit code 0 when it is.", call => call.ShowAsync("/readyz"));
}
