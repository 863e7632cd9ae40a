using System.CommandLine;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp users …</c></summary>
static class UserVerbs
{
    static readonly Argument<string> Username = new("username") { Description = "The user's name." };
    static readonly Argument<string> NewRole = new("role") { Description = "viewer, operator or administrator." };
    static readonly Option<string> Role = new("--role")
    {
        Description = "viewer, operator or administrator.", HelpName = "role", DefaultValueFactory = _ => "viewer",
    };

    public static Command Noun() => new("users", "People who log in to the web admin.")
    {
        Call.Verb("list", "List the users.", call => call.ListAsync("users", int.MaxValue,
            Column.Of("USERNAME", "username"), Column.Of("ROLE", "role"), Column.Time("LAST LOG-IN", "lastLogInAt"),
            new("LOCKED OUT", row => Output.Text(row["lockedOut"])))),
        Call.Verb("add", "Make a user; asks for its password.", call => call.ChangeAsync(
            HttpMethod.Post, "users", new JsonObject
            {
                ["username"] = call.Value(Username), ["role"] = call.Value(Role), ["password"] = AccountVerbs.ReadPassword(call),
            },
            user => $"User {user["username"]} is made."), Username, Role, AccountVerbs.PasswordStdin),
        Call.Verb("role", "Give a user another role; it is logged out everywhere.", call => call.ChangeAsync(
            HttpMethod.Patch, Path(call), new JsonObject { ["role"] = call.Value(NewRole) },
            user => $"User {user["username"]} is {user["role"]} now."), Username, NewRole),
        Call.Verb("password", "Give a user another password; asks for it.", call => call.ChangeAsync(
            HttpMethod.Patch, Path(call), new JsonObject { ["password"] = AccountVerbs.ReadPassword(call) },
            user => $"User {user["username"]} has another password."), Username, AccountVerbs.PasswordStdin),
        Call.Verb("delete", "Delete a user.", call => call.ChangeAsync(
            HttpMethod.Delete, Path(call), null, _ => $"User {call.Value(Username)} is deleted."), Username),
    };

    static string Path(Call call) => $"users/{Uri.EscapeDataString(call.Value(Username))}";
}
