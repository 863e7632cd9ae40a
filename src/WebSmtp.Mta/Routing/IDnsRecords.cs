namespace WebSmtp.Mta.Routing;

/// <summary>Asks DNS for what a domain publishes about its mail. Thread-safe.</summary>
public interface IDnsRecords
{
    /// <summary>The texts of a name, each put together from its pieces.</summary>
    Task<RecordAnswer> FindTextsAsync(string name, CancellationToken stop);

    /// <summary>The mail hosts of a domain by preference, as <c>10 mx.example</c>.</summary>
    Task<RecordAnswer> FindMailHostsAsync(string domain, CancellationToken stop);
}

/// <summary>What a name has; a name that is not there has nothing. <paramref name="Trouble"/>: DNS could not say.</summary>
public sealed record RecordAnswer(IReadOnlyList<string> Records, string? Trouble);

/// <summary>Gets a domain's MTA-STS policy over HTTPS. RFC 8461 section 3.3.</summary>
public interface IPolicySource
{
    /// <summary>The policy's text, or why there is none; bounded in time and size, and no redirect is followed.</summary>
    Task<(string? Text, string? Trouble)> GetAsync(string domain, CancellationToken stop);
}
