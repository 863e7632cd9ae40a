using System.CommandLine;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary><c>websmtp keys …</c></summary>
static class KeyVerbs
{
    static readonly Argument<string> Name = new("name") { Description = "What the key is for." };
    static readonly Argument<int> Id = new("id") { Description = "Number of the key." };
    static readonly Option<string> Role = new("--role")
    {
        Description = "viewer, operator or administrator.", HelpName = "role", DefaultValueFactory = _ => "viewer",
    };
    static readonly Option<string> Expires = new("--expires-at") { Description = "When it ends, ISO 8601; default: never.", HelpName = "time" };

    public static Command Noun() => new("keys", "API keys.")
    {
        Call.Verb("list", "List the keys.", call => call.ListAsync("keys", int.MaxValue,
            Column.Of("ID", "id"), Column.Of("NAME", "name"), Column.Of("ROLE", "role"), Column.Of("EXPIRES", "expiresAt"), Column.Time("LAST USED", "lastUsedAt"))),
        Call.Verb("add", "Make a key and print it, this once.", AddAsync, Name, Role, Expires),
        Call.Verb("delete", "Delete a key.", call => call.ChangeAsync(
            HttpMethod.Delete, $"keys/{call.Value(Id)}", null, _ => $"Key {call.Value(Id)} is deleted."), Id),
    };

    static Task AddAsync(Call call)
    {
        var body = new JsonObject { ["name"] = call.Value(Name), ["role"] = call.Value(Role) };
        if (call.Value(Expires) is { } expires) body["expiresAt"] = expires;
        return call.ChangeAsync(HttpMethod.Post, "keys", body, key => $"{key["key"]}");
    }
}
