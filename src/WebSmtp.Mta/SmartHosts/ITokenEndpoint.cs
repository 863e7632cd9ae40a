namespace WebSmtp.Mta.SmartHosts;

/// <summary>Posts forms to OAuth2 token endpoints. Thread-safe.</summary>
public interface ITokenEndpoint
{
    /// <summary>Takes bounded time and memory, follows no redirect, and throws nothing but the caller's cancellation.</summary>
    Task<TokenAnswer> AskAsync(Uri endpoint, IReadOnlyDictionary<string, string> form, CancellationToken stop);
}

/// <summary>What a token endpoint answered; or why it did not, in one sentence, which may be different later.</summary>
/// <param name="Status">The HTTP status; 0 when there was no answer.</param>
public sealed record TokenAnswer(int Status, string Body, string? Trouble);
