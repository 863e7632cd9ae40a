namespace WebSmtp.Storage.Queue;

/// <summary>
/// One transaction of the pipeline. Keeps the sums by which destinations change: each destination's row is written once,
/// in the order of keys, so that two nodes cannot wait for each other in a circle.
/// </summary>
/// <param name="again">The changes were tried before in a group that failed.</param>
sealed class WriteBatch(QueueWriter writer, DateTimeOffset now, bool again)
{
    readonly Dictionary<(int SiteId, string Domain), (long Messages, long Bytes)> _deltas = [];

    public QueueWriter Writer => writer;
    public DateTimeOffset Now => now;

    /// <summary>True when an earlier try may have been committed although its answer was lost.</summary>
    public bool Again => again;

    public void AddToDestination(int siteId, string domain, long messages, long bytes)
    {
        var (oldMessages, oldBytes) = _deltas.GetValueOrDefault((siteId, domain));
        _deltas[(siteId, domain)] = (oldMessages + messages, oldBytes + bytes);
    }

    public async ValueTask FinishAsync()
    {
        foreach (var ((siteId, domain), (messages, bytes)) in _deltas.OrderBy(d => d.Key.SiteId).ThenBy(d => d.Key.Domain, StringComparer.Ordinal))
        {
            if (messages == 0 && bytes == 0) continue;
            await writer.RunAsync(HotStatements.AddToDestination, siteId, domain, Domains.Reverse(domain), messages, bytes);
            if (messages < 0) await writer.RunAsync(HotStatements.DeleteEmptyDestination, siteId, domain);
        }
    }
}

static class Domains
{
    /// <summary>Labels in reverse order: <c>mail.example.com</c> is <c>com.example.mail</c>.</summary>
    public static string Reverse(string domain)
    {
        var labels = domain.Split('.');
        Array.Reverse(labels);
        return string.Join('.', labels);
    }
}
