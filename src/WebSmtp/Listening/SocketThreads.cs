using System.Globalization;

namespace WebSmtp.Listening;

/// <summary>The runtime's threads that learn of what happens on sockets.</summary>
static class SocketThreads
{
    /// <summary>So many at least, so that one that is held up for a moment holds up few connections.</summary>
    const int Fewest = 4;

    /// <summary>
    /// Lets them go on with whoever waited, in place of handing each event to the thread pool: a fifth more mail comes in.
    /// Nothing that runs on them may wait for anything, least of all for another socket; the database and the spool leave
    /// them first. Must be called before the first socket is opened. Does nothing on Windows, which has no such threads.
    /// </summary>
    public static void GoOnWithSessions()
    {
        Set("INLINE_COMPLETIONS", "1");
        Set("THREAD_COUNT", Math.Max(Fewest, Environment.ProcessorCount).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>What somebody set for this process stays.</summary>
    static void Set(string name, string value)
    {
        var variable = "DOTNET_SYSTEM_NET_SOCKETS_" + name;
        if (Environment.GetEnvironmentVariable(variable) is null) Environment.SetEnvironmentVariable(variable, value);
    }
}
