using System.Text;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Collectors;

/// <summary>
/// The lines of a run, as the sessions show them: without secrets, content only as a line that counts it. Keeps how it
/// began and how it ended, and says how much is left out between. Thread-safe.
/// </summary>
sealed class CollectorTranscript : ISessionObserver
{
    const int MaxLine = 300, FirstLines = 120, LastLines = 120;

    readonly Lock _lock = new();
    readonly List<string> _first = [];
    readonly Queue<string> _last = [];
    long _leftOut;

    /// <summary>Is told the same.</summary>
    public ISessionObserver? Also { get; set; }

    public void ClientSaid(string line)
    {
        Add("C", line);
        if (Also is { Listens: true }) Also.ClientSaid(line);
    }

    public void ServerSaid(string line)
    {
        Add("S", line);
        if (Also is { Listens: true }) Also.ServerSaid(line);
    }

    /// <summary>Something that neither side said.</summary>
    public void Note(string text) => Add("-", text);

    void Add(string who, string line)
    {
        var text = $"{who}: {(line.Length > MaxLine ? line[..MaxLine] + "…" : line)}";
        lock (_lock)
        {
            if (_first.Count < FirstLines)
            {
                _first.Add(text);
                return;
            }
            _last.Enqueue(text);
            if (_last.Count <= LastLines) return;
            _last.Dequeue();
            _leftOut++;
        }
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        lock (_lock)
        {
            foreach (var line in _first) text.Append(line).Append('\n');
            if (_leftOut > 0) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"- {_leftOut} lines are left out here -\n");
            foreach (var line in _last) text.Append(line).Append('\n');
        }
        return text.ToString();
    }
}

/// <summary>Who follows a run while it goes on.</summary>
/// <param name="SessionId">Of the session that a turned connection becomes.</param>
/// <param name="Progress">Is told how many messages and bytes came so far.</param>
sealed record CollectorWatch(string SessionId, CollectorTranscript Transcript, Func<long, long, Task> Progress);
