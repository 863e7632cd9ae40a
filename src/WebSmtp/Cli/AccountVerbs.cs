using System.CommandLine;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp accounts …</c></summary>
static class AccountVerbs
{
    static readonly Argument<string> Username = new("username") { Description = "The account's name." };
    public static readonly Option<bool> PasswordStdin = new("--password-stdin") { Description = "Read the password from the first line of standard input." };
    static readonly Option<bool> ChallengeResponse = new("--challenge-response") { Description = "It may log in with CRAM-MD5 as well." };
    static readonly Option<string> Description = new("--description") { Description = "For people.", HelpName = "text" };
    static readonly Option<int[]> Sites = new("--site") { Description = "A site where it may log in; default: all. May be given more than once.", HelpName = "site" };
    static readonly Option<bool> Disabled = new("--disabled") { Description = "It may not log in yet." };

    public static Command Noun() => new("accounts", "Accounts that log in over SMTP.")
    {
        Call.Verb("list", "List the accounts.", call => call.ListAsync("accounts", int.MaxValue,
            Column.Of("USERNAME", "username"), Column.Of("ENABLED", "enabled"), Column.Of("CRAM-MD5", "challengeResponse"),
            new("SITES", row => row["sites"] is { } sites ? Output.Text(sites) : "all"), Column.Of("DESCRIPTION", "description"))),
        Call.Verb("add", "Make an account; asks for its password.", AddAsync, Username, PasswordStdin, ChallengeResponse, Description, Sites, Disabled),
        Call.Verb("password", "Give an account another password; asks for it.", call => call.ChangeAsync(
            HttpMethod.Patch, Path(call), new JsonObject { ["password"] = ReadPassword(call) },
            account => $"Account {account["username"]} has another password."), Username, PasswordStdin),
        Call.Verb("delete", "Delete an account.", call => call.ChangeAsync(
            HttpMethod.Delete, Path(call), null, _ => $"Account {call.Value(Username)} is deleted."), Username),
    };

    static Task AddAsync(Call call)
    {
        var body = new JsonObject
        {
            ["username"] = call.Value(Username),
            ["password"] = ReadPassword(call),
            ["challengeResponse"] = call.Value(ChallengeResponse),
            ["description"] = call.Value(Description),
            ["enabled"] = !call.Value(Disabled),
        };
        if (call.Value(Sites) is { Length: > 0 } sites) body["sites"] = new JsonArray([.. sites.Select(site => (JsonNode)site)]);
        return call.ChangeAsync(HttpMethod.Post, "accounts", body, account => $"Account {account["username"]} is made.");
    }

    static string Path(Call call) => $"accounts/{Uri.EscapeDataString(call.Value(Username))}";

    /// <summary>Never from an argument: those can be read by every user of the machine.</summary>
    public static string ReadPassword(Call call)
    {
        if (call.Value(PasswordStdin))
        {
            return Console.In.ReadLine() is { Length: > 0 } line
                ? line
                : throw new CommandException(ExitCode.WrongUsage, "There is no password on standard input.");
        }
        if (Console.IsInputRedirected)
            throw new CommandException(ExitCode.WrongUsage, "There is no terminal to ask for the password: use --password-stdin.");
        var password = Secrets.Ask("Password: ");
        return password == Secrets.Ask("Again: ") ? password : throw new CommandException(ExitCode.WrongUsage, "The two are not the same.");
    }
}
