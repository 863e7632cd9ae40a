using System.Collections.Immutable;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Mta.Collection;

/// <summary>Who asked for a collection, and how.</summary>
sealed record CollectionRequest(CollectionMethod Method, string? Account, string From)
{
    public string By => new CollectionRecord { Domain = "", Method = Method, Account = Account, From = From }.By;
}

/// <summary>
/// One collection, from its first lease to its record: hands out what waits in windows, oldest first, settles each
/// result as it comes, and gives back what was not decided. What a host refused for now stays leased until the end, so
/// that a message is offered once in a run. It ends when nothing is left, at its bounds, or when its carrier says so.
/// Not thread-safe, but for <see cref="Snapshot"/> and <see cref="Widen"/>.
/// </summary>
sealed class CollectionRun : IAsyncDisposable
{
    const int Window = 50, RecordEvery = 50;

    /// <summary>Refusals that are remembered; a host that refuses more has enough for now.</summary>
    const int MostDeferred = 5000;

    static readonly TimeSpan RecordAfter = TimeSpan.FromSeconds(3), TellAfter = TimeSpan.FromSeconds(1);

    readonly CollectionContext _context;
    readonly LeaseKeeper _lease;
    readonly List<Settlement> _deferred = [];
    readonly HashSet<string> _unreachable = new(StringComparer.OrdinalIgnoreCase);
    readonly MessageId _firstLate;
    readonly long _maxLate;
    readonly Dictionary<DomainSnapshot, CollectionRecord> _records = [];
    ImmutableList<CollectionScope> _scopes;
    long _late, _offered, _recorded, _recordedAt, _toldAt;
    bool _started;
    string? _trouble;
    volatile string? _stopped;

    public CollectionRun(CollectionContext context, SiteSnapshot site, IReadOnlyList<CollectionScope> scopes, CollectionRequest request)
    {
        _context = context;
        _scopes = [.. scopes];
        _lease = new(context.Queue, context.NewOwner(request.Method), context.Time, context.Logger);
        _firstLate = MessageId.AtOrAfter(context.Time.GetUtcNow());
        _maxLate = scopes.Max(scope => scope.Rule.Settings.Get(SettingsTable.MaxLateMessagesPerCollection));
        (Site, Request) = (site, request);
        Said = new(context.Outbound.Watch.Log.Budget, () => Publish("said"));
        foreach (var scope in scopes)
        {
            _records.TryAdd(scope.Rule, new()
            {
                SiteId = site.Id, Domain = scope.Rule.Name, Method = request.Method, Account = request.Account, From = request.From,
                StartedAt = context.Time.GetUtcNow(),
            });
        }
    }

    public SiteSnapshot Site { get; }
    public CollectionRequest Request { get; }
    public long Messages => _offered;

    /// <summary>The conversation with the host, or the hosts.</summary>
    public Conversation Said { get; }

    /// <summary>One of its records is this one.</summary>
    public bool Has(long recordId) => _records.Values.Any(record => record.Id == recordId);

    /// <summary>Why it ends although mail may be left; null while there is no reason.</summary>
    public string? Stopped
    {
        get => _stopped ?? (_context.Runs(Site) ? null : "The site was stopped.");
        private set => _stopped = value;
    }

    /// <summary>Copies of its records as they are now.</summary>
    public IEnumerable<CollectionRecord> Snapshot() => _records.Values.Select(record => record.Copy());

    /// <summary>More of the same rules.</summary>
    public void Widen(CollectionScope scope) =>
        ImmutableInterlocked.Update(ref _scopes, static (scopes, more) => scopes.Contains(more) ? scopes : scopes.Add(more), scope);

    /// <summary>The next messages to offer; none: it is over.</summary>
    public async Task<IReadOnlyList<LeasedMessage>> NextAsync(CancellationToken stop)
    {
        if (_late >= _maxLate) Stopped ??= $"More than {_maxLate} messages arrived meanwhile; the rest waits for the next time.";
        if (_deferred.Count >= MostDeferred) Stopped ??= $"The host refused {_deferred.Count} recipients for now.";
        if (Stopped is not null) return [];

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var scope in _scopes) names.UnionWith(await scope.NamesAsync(_context.Queue, Site, stop));
        names.ExceptWith(_unreachable);
        if (names.Count == 0) return [];

        var window = await _context.Queue.LeaseHeldAsync(_lease.Lease, Site.Id, names, (int)Math.Min(Window, _maxLate - _late), stop);
        _late += window.Count(leased => new MessageId(leased.Message.Id) >= _firstLate);
        // What was tried before comes last: a message that breaks every connection must not keep the others waiting.
        return [.. window.OrderBy(leased => leased.Recipients.Max(recipient => recipient.Attempts))];
    }

    /// <summary>The collection is on its way: from now on it is in the history.</summary>
    public async Task StartAsync(CancellationToken stop)
    {
        _started = true;
        Log.CollectionStarted(_context.Logger, string.Join(", ", _records.Values.Select(record => record.Domain)), Site.Id, Request.By);
        try
        {
            foreach (var (rule, record) in _records) record.Waiting = await WaitingAsync(rule, stop);
            await _context.Records.AddAsync([.. _records.Values], stop);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.NotRecorded(_context.Logger, e);
        }
        _recordedAt = _context.Time.GetTimestamp();
        Tell("started");
    }

    /// <summary>
    /// Writes down what became of a message that was offered, before the next one is: a crash then repeats none that was
    /// answered before the last.
    /// </summary>
    public async Task SettleAsync(LeasedMessage message, Attempt attempt)
    {
        _offered++;
        var settled = new List<Settlement>(message.Recipients.Count);
        foreach (var outcome in attempt.Outcomes)
        {
            var record = _records[Site.RuleFor(outcome.Recipient.Domain)!];
            if (outcome.Reply is { IsPositive: true })
            {
                record.Delivered++;
                settled.Add(Settlements.Delivered(outcome, attempt, _lease.Owner, "collected", Request.By, _context.Logger));
            }
            else if (outcome.Reply is { IsPermanent: true })
            {
                record.Failed++;
                settled.Add(Settlements.Failed(outcome, attempt, _lease.Owner, Request.By, _context.Logger));
            }
            else
            {
                record.Deferred++;
                _deferred.Add(Settlements.Deferred(outcome, attempt, _lease.Owner, null, Request.By, _context.Logger));
            }
        }
        foreach (var taken in attempt.Outcomes.Where(outcome => outcome.Reply is { IsPositive: true })
            .Select(outcome => _records[Site.RuleFor(outcome.Recipient.Domain)!]).Distinct()) taken.Bytes += message.Message.Size;

        await _context.Settling.WriteAsync(message, settled, _context.Stopping);
        if (_offered - _recorded >= RecordEvery || _context.Time.GetElapsedTime(_recordedAt) >= RecordAfter) await RecordAsync("progress");
        else if (_context.Time.GetElapsedTime(_toldAt) >= TellAfter) Tell("progress");
    }

    /// <summary>Ends it after the message that is on its way. May be called from any thread.</summary>
    public void Stop(string why) => Stopped ??= why;

    /// <summary>A destination (null: all) cannot be reached and is left out from now on; what was leased of it goes back at the end.</summary>
    public void LeaveOut(string? domain, string why)
    {
        _trouble = why;
        if (domain is null) Stopped ??= why;
        else _unreachable.Add(domain);
    }

    /// <summary>
    /// Settles the rest, gives back what was not decided, and closes the records with one sentence. Comes before the host
    /// hears QUIT, for it may look (or ask) at once for what is left. The first call counts.
    /// </summary>
    public async Task EndAsync(string end)
    {
        foreach (var some in _deferred.Chunk(500)) await _context.Settling.WriteAsync(some, _context.Stopping);
        _deferred.Clear();
        await DisposeAsync();
        if (!_started) return;
        _started = false;
        foreach (var record in _records.Values)
        {
            record.EndedAt = _context.Time.GetUtcNow();
            record.End = end;
            Log.CollectionEnded(_context.Logger, record.Domain, Site.Id, end, record.Delivered, record.Deferred, record.Failed);
        }
        await KeepAsync();
        await RecordAsync("ended");
    }

    /// <summary>What its rule holds when it begins: what progress is measured by.</summary>
    async Task<int> WaitingAsync(DomainSnapshot rule, CancellationToken stop)
    {
        var waiting = 0L;
        foreach (var scope in _scopes.Where(scope => scope.Rule == rule))
            waiting += (await scope.LiveAsync(_context.Queue, Site, stop)).Sum(destination => destination.Messages);
        return (int)Math.Min(waiting, int.MaxValue);
    }

    /// <summary>The conversation goes with the records.</summary>
    async Task KeepAsync()
    {
        try
        {
            var said = Said.Copy();
            if (!said.IsEmpty) await _context.Records.KeepTranscriptAsync([.. _records.Values], said.ToText(), CancellationToken.None);
        }
        catch (Exception e)
        {
            Log.NotRecorded(_context.Logger, e);
        }
        Said.Forget();
    }

    /// <summary>Gives back what is still leased.</summary>
    public ValueTask DisposeAsync() => _lease.DisposeAsync();

    /// <summary>How a collection ended that was not cut off.</summary>
    public string Summary()
    {
        var delivered = _records.Values.Sum(record => record.Delivered);
        var all = delivered + _records.Values.Sum(record => record.Deferred + record.Failed);
        var why = Stopped ?? _trouble;
        if (_offered == 0 && why is not null) return why;
        return $"Took {delivered} of {all}.{(why is null ? "" : " " + why)}";
    }

    async Task RecordAsync(string what)
    {
        (_recorded, _recordedAt) = (_offered, _context.Time.GetTimestamp());
        try
        {
            await _context.Records.UpdateAsync([.. _records.Values], CancellationToken.None);
        }
        catch (Exception e)
        {
            Log.NotRecorded(_context.Logger, e);
        }
        Tell(what);
    }

    /// <summary>How it stands is seen by who looks, written down or not.</summary>
    void Tell(string what)
    {
        _toldAt = _context.Time.GetTimestamp();
        Publish(what);
    }

    void Publish(string what)
    {
        if (!_context.Events.HasReaders) return;
        foreach (var record in _records.Values)
            _context.Events.Publish(new CollectionEvent(_context.Time.GetUtcNow(), Site.Id, record.Id, record.Domain, what));
    }
}
