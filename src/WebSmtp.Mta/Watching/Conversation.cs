namespace WebSmtp.Mta.Watching;

/// <summary>
/// The lines of one conversation, bounded: how it began and how it goes on now; what is between is counted. Thread-safe.
/// </summary>
/// <param name="budget">What all conversations share.</param>
/// <param name="news">Called once when there is something that the last <see cref="Copy"/> has not.</param>
public sealed class Conversation(ConversationBudget budget, Action? news = null)
{
    const int MostFirst = 100, MostLast = 100, MostBytesOfHalf = 24 * 1024;

    readonly Lock _lock = new();
    readonly List<ConversationLine> _first = [];
    Queue<ConversationLine>? _last;
    int _firstBytes, _lastBytes;
    long _leftOut;
    bool _over, _isRead;

    public void Add(in ConversationLine line)
    {
        bool tell;
        lock (_lock)
        {
            if (_over) return;
            (tell, _isRead) = (_isRead, false);
            if (!budget.TryTake(line.Cost)) _leftOut++;
            else if (_last is null && _first.Count < MostFirst && _firstBytes + line.Cost <= MostBytesOfHalf)
            {
                _first.Add(line);
                _firstBytes += line.Cost;
            }
            else AddLast(line);
        }
        if (tell) news?.Invoke();
    }

    void AddLast(in ConversationLine line)
    {
        _last ??= new();
        _last.Enqueue(line);
        _lastBytes += line.Cost;
        while (_last.Count > MostLast || _lastBytes > MostBytesOfHalf)
        {
            var oldest = _last.Dequeue().Cost;
            _lastBytes -= oldest;
            budget.Give(oldest);
            _leftOut++;
        }
    }

    /// <summary>As it is now; null when it was forgotten.</summary>
    public ConversationCopy? Find()
    {
        lock (_lock) return _over ? null : Copy();
    }

    /// <summary>As it is now.</summary>
    public ConversationCopy Copy()
    {
        lock (_lock)
        {
            _isRead = true;
            return new([.. _first], _leftOut, _last is null ? [] : [.. _last]);
        }
    }

    /// <summary>Nobody will ask any more.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            if (_over) return;
            _over = true;
            budget.Give(_firstBytes + _lastBytes);
            _first.Clear();
            _last = null;
        }
    }
}
