namespace WebSmtp.Mta.Administration;

/// <summary>What somebody may do; each role contains those before it.</summary>
public enum Role { Viewer, Operator, Administrator }

/// <summary>Who asks for an administrative act, for permission and for the record.</summary>
/// <param name="Name">User, API key or part of the program.</param>
/// <param name="From">Address it came from, or <c>local</c>.</param>
public sealed record Actor(string Name, Role Role, string From)
{
    /// <summary>The program itself, for what nobody asked for by hand.</summary>
    public static readonly Actor System = new("system", Role.Administrator, "local");

    /// <summary>Null when the actor's role is enough, else the refusal.</summary>
    public Problem? Demand(Role needed) => Role >= needed
        ? null
        : Problem.Forbidden($"This needs the role {needed.ToString().ToLowerInvariant()}; '{Name}' has {Role.ToString().ToLowerInvariant()}.");
}
