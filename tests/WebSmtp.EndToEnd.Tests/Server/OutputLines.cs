namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>The lines that a program prints, as they come. Thread-safe.</summary>
public sealed class OutputLines
{
    readonly List<string> _lines = [];
    readonly List<(Func<string, bool> Wanted, TaskCompletionSource<string> Found)> _waiting = [];
    bool _ended;

    public int Count { get { lock (_lines) return _lines.Count; } }

    /// <summary>All lines from a position on; the newest 400 of them.</summary>
    public string From(int position)
    {
        lock (_lines) return string.Join('\n', _lines.Skip(Math.Max(position, _lines.Count - 400)));
    }

    public override string ToString() => From(0);

    public void Add(string line)
    {
        List<TaskCompletionSource<string>> found;
        lock (_lines)
        {
            _lines.Add(line);
            found = [.. _waiting.Where(one => one.Wanted(line)).Select(one => one.Found)];
            _waiting.RemoveAll(one => found.Contains(one.Found));
        }
        foreach (var one in found) one.TrySetResult(line);
    }

    /// <summary>No line comes any more: whoever still waits is told with everything that was printed.</summary>
    public void End()
    {
        List<TaskCompletionSource<string>> waiting;
        lock (_lines)
        {
            _ended = true;
            waiting = [.. _waiting.Select(one => one.Found)];
            _waiting.Clear();
        }
        foreach (var one in waiting) one.TrySetException(new InvalidOperationException("The program ended before that. It printed:\n" + this));
    }

    /// <summary>The first line that is wanted, printed already or not.</summary>
    public async Task<string> WaitForAsync(Func<string, bool> wanted, CancellationToken stop, int from = 0)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lines)
        {
            if (_lines.Skip(from).FirstOrDefault(wanted) is { } line) return line;
            if (_ended) throw new InvalidOperationException("The program ended before that. It printed:\n" + this);
            _waiting.Add((wanted, found));
        }
        return await found.Task.WaitAsync(stop);
    }
}
