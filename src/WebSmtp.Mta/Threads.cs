namespace WebSmtp.Mta;

/// <summary>Which threads may wait.</summary>
public static class Threads
{
    /// <summary>
    /// Before anything that waits on its thread, as SQLite and a flush do: goes on in the thread pool. Sessions run on the
    /// threads that serve the sockets, and while one of those waits, all its sockets do.
    /// </summary>
    public static async ValueTask LeaveSocketsAsync()
    {
        if (!Thread.CurrentThread.IsThreadPoolThread) await Task.Yield();
    }
}
