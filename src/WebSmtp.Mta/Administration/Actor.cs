namespace WebSmtp.Mta.Administration;

/// <summary>What somebody may do; each role contains those before it.</summary>
public enum Role { Viewer, Operator, Administrator }

/// <summary>The door that somebody came in by: a browser's log-in, an API key, the command line on this machine.</summary>
public enum Door { System, Web, Key, CommandLine }

/// <summary>Who asks for an administrative act, for permission and for the record.</summary>
/// <param name="Name">User, API key or part of the program.</param>
/// <param name="From">Address it came from, or <c>local</c>.</param>
/// <param name="Through">A key and a user may have the same name.</param>
public sealed record Actor(string Name, Role Role, string From, Door Through = Door.System)
{
    /// <summary>The program itself, for what nobody asked for by hand.</summary>
    public static readonly Actor System = new("system", Role.Administrator, "local");

    /// <summary>Null when the actor's role is enough, else the refusal.</summary>
    public Problem? Demand(Role needed) => Role >= needed
        ? null
        : Problem.Forbidden($"This needs the role {needed.ToString().ToLowerInvariant()}; '{Name}' has the role {Role.ToString().ToLowerInvariant()}.");
}
