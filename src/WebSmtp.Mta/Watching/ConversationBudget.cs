namespace WebSmtp.Mta.Watching;

/// <summary>Memory that all conversations share. What has no room is counted and left out. Thread-safe.</summary>
public sealed class ConversationBudget(long most = ConversationBudget.DefaultBytes)
{
    const long DefaultBytes = 48 * 1024 * 1024;

    long _used;

    public long Used => Interlocked.Read(ref _used);

    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= most) return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    /// <summary>
    /// Before nothing has room any more, conversations that are over give way: where little is left, they are forgotten, the
    /// oldest first, until half is free.
    /// </summary>
    public void Relieve(IEnumerable<Conversation> oldestFirst)
    {
        if (Used <= most / 4 * 3) return;
        foreach (var conversation in oldestFirst)
        {
            conversation.Forget();
            if (Used <= most / 2) return;
        }
    }

    public void Give(long bytes) => Interlocked.Add(ref _used, -bytes);
}
