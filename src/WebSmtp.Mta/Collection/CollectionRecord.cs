namespace WebSmtp.Mta.Collection;

/// <summary>How held mail was asked for.</summary>
public enum CollectionMethod { Etrn, Turn, Atrn, Operator }

/// <summary>What one collection did for one domain, as it is stored: the history of the held mail screen.</summary>
public sealed class CollectionRecord
{
    public long Id { get; set; }
    public int SiteId { get; set; }

    /// <summary>Name of the domain's rule, which may be a wildcard.</summary>
    public required string Domain { get; set; }
    public CollectionMethod Method { get; set; }
    public string? Account { get; set; }

    /// <summary>Address of the client that asked.</summary>
    public required string From { get; set; }
    public DateTimeOffset StartedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Recipients that mail waited for when it began; 0 where that was not looked for.</summary>
    public int Waiting { get; set; }

    /// <summary>Recipients: taken, refused for now, refused for good.</summary>
    public int Delivered { get; set; }
    public int Deferred { get; set; }
    public int Failed { get; set; }

    /// <summary>Bytes of content taken.</summary>
    public long Bytes { get; set; }

    /// <summary>How it ended, one sentence; null while it runs.</summary>
    public string? End { get; set; }

    /// <summary>"testserver from 127.0.0.1 by TURN"; what an operator started, he did "by hand".</summary>
    public string By => $"{(Account is null ? "" : Account + " ")}from {From} by {(Method is CollectionMethod.Operator ? "hand" : Method.ToString().ToUpperInvariant())}";

    /// <summary>As it is now: the original changes while the collection runs.</summary>
    public CollectionRecord Copy() => (CollectionRecord)MemberwiseClone();
}

/// <summary>What was said in a collection, apart from its row so that lists do not read it.</summary>
public sealed class CollectionTranscript
{
    /// <summary>Domains keep the transcripts of so many collections.</summary>
    public const int KeptForDomain = 5;

    public long CollectionId { get; set; }
    public required string Text { get; set; }
}

/// <summary>The history of collections in the database. Thread-safe.</summary>
public interface ICollectionStore
{
    /// <summary>Adds records at the start of a collection; sets their ids.</summary>
    Task AddAsync(IReadOnlyList<CollectionRecord> records, CancellationToken stop);

    /// <summary>Writes what has come of them.</summary>
    Task UpdateAsync(IReadOnlyList<CollectionRecord> records, CancellationToken stop);

    /// <summary>The newest record of each domain of a site.</summary>
    Task<IReadOnlyDictionary<string, CollectionRecord>> LastAsync(int siteId, CancellationToken stop);

    /// <summary>A domain's records from before an id, newest first.</summary>
    Task<IReadOnlyList<CollectionRecord>> ListAsync(int siteId, string domain, long before, int limit, CancellationToken stop);

    /// <summary>How many records a domain has.</summary>
    Task<int> CountAsync(int siteId, string domain, CancellationToken stop);

    /// <summary>One record; null when it is gone.</summary>
    Task<CollectionRecord?> FindAsync(long id, CancellationToken stop);

    /// <summary>Keeps what was said in a collection with its records, and forgets that of older ones: each domain has a few.</summary>
    Task KeepTranscriptAsync(IReadOnlyList<CollectionRecord> records, string text, CancellationToken stop);

    /// <summary>What was said, null where it was not kept.</summary>
    Task<string?> TranscriptAsync(long id, CancellationToken stop);

    /// <summary>At start: records without an end were cut off by the program's own end.</summary>
    Task CloseInterruptedAsync(DateTimeOffset now, CancellationToken stop);
    Task PurgeAsync(DateTimeOffset endedBefore, CancellationToken stop);
}
