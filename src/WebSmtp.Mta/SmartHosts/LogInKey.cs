namespace WebSmtp.Mta.SmartHosts;

/// <summary>Which log-in it is, whatever secrets it has at the moment.</summary>
readonly record struct LogInKey(string Host, int Port, SmartHostAuthType Type, string? Username, string? TokenEndpoint, string? ClientId, string? Scope)
{
    public static LogInKey Of(SmartHostTarget target) => new(
        target.Host.ToLowerInvariant(), target.Port, target.Auth.Type, target.Auth.Username, target.Auth.TokenEndpoint, target.Auth.ClientId, target.Auth.Scope);
}

/// <summary>What a host is logged in to with, or why that cannot be had.</summary>
/// <param name="Credentials">Null without trouble: no log-in.</param>
/// <param name="Trouble">One sentence: nothing can be sent this way now.</param>
/// <param name="IsTemporary">The trouble may pass by itself; else somebody has to do something.</param>
public readonly record struct SmartHostLogIn(Smtp.Client.ClientCredentials? Credentials, string? Trouble, bool IsTemporary = false)
{
    public void Deconstruct(out Smtp.Client.ClientCredentials? credentials, out string? trouble) => (credentials, trouble) = (Credentials, Trouble);
}

/// <summary>How a smart host's log-ins go, for people.</summary>
/// <param name="LastLogIn">When it last took a log-in; null: not since the program started.</param>
/// <param name="TokenExpiresAt">For OAuth2: until when the token at hand is good.</param>
/// <param name="Trouble">Why mail cannot go this way now; null: nothing is known to be wrong.</param>
/// <param name="TroubleSince">When that began.</param>
public sealed record SmartHostStatus(DateTimeOffset? LastLogIn, DateTimeOffset? TokenExpiresAt, string? Trouble, DateTimeOffset? TroubleSince);
