namespace WebSmtp.Mta.Queue;

/// <summary>Gives out message numbers. Thread-safe; never the same twice in a process, even when the clock steps back.</summary>
public sealed class MessageIds(TimeProvider time, int node)
{
    const int SequenceBits = 14;
    long _last;

    /// <summary>What the owners of this node's leases begin with.</summary>
    public string NodePrefix { get; } = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"n{node}/");

    internal bool IsOfThisNode(MessageId id) => ((id.Value >> SequenceBits) & 0xFF) == (node & 0xFF);

    public MessageId Next()
    {
        while (true)
        {
            var last = Volatile.Read(ref _last);
            var now = (long)(time.GetUtcNow() - MessageId.Epoch).TotalMilliseconds << SequenceBits;
            var next = Math.Max(now, last + 1);
            if (Interlocked.CompareExchange(ref _last, next, last) != last) continue;
            var millisecond = next >> SequenceBits;
            return new((millisecond << 22) | ((long)(node & 0xFF) << SequenceBits) | (next & ((1 << SequenceBits) - 1)));
        }
    }
}
