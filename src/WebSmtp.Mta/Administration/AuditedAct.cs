using System.Text.Json.Nodes;

namespace WebSmtp.Mta.Administration;

/// <summary>An act on its way: what it is about, and what it changes. One for each act; not thread-safe.</summary>
public sealed class AuditedAct(Actor actor, string action, string what)
{
    /// <summary>Said anew by who logs in: before that nobody is anybody.</summary>
    public Actor Actor { get; set; } = actor;
    public string Action => action;

    /// <summary>Said anew where it is known only afterwards: the number of what was made.</summary>
    public string Subject { get; set; } = what;

    internal JsonObject? Before { get; private set; }
    internal JsonObject? After { get; private set; }

    /// <summary>What is before and after it, made by <see cref="AuditImage"/>; null: not there.</summary>
    public void Changes(JsonObject? before, JsonObject? after) => (Before, After) = (before, after);
}
