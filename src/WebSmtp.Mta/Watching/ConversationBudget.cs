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

    public void Give(long bytes) => Interlocked.Add(ref _used, -bytes);
}
