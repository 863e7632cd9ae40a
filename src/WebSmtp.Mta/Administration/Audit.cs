using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Administration;

/// <summary>
/// Who did what. Every act of an administrator or operator runs in here: it is permitted, done, and written down with what
/// it changed, or with why it was refused. An act that is done has its entry in the database when its task completes;
/// refusals are written behind its back, and only so many of them in a minute. Thread-safe.
/// </summary>
public sealed class Audit(IAuditStore store, MessageIds ids, EventStream events, TimeProvider time, ILogger<Audit> log) : IDisposable
{
    public const int DefaultDays = 365, MostDays = 3650;

    /// <summary>Refusals in a minute, of everybody and of one.</summary>
    internal const int MostRefusals = 300, MostOfOne = 30;
    const int MostWaiting = 2000, MostTogether = 200, MostText = 500, MostCounted = 10_000, MaxPage = 500, Step = 500;

    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    readonly Channel<AuditEntry> _waiting = Channel.CreateBounded<AuditEntry>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    readonly Lock _lock = new();
    readonly Dictionary<(string, string), int> _refusals = [];
    readonly CancellationTokenSource _stopping = new();
    int _refused;
    long _leftOut;
    Task _running = Task.CompletedTask, _tidying = Task.CompletedTask;
    volatile int _days = DefaultDays;

    /// <summary>How long entries are kept; 0: for ever.</summary>
    public int Days => _days;

    public async Task StartAsync(CancellationToken stop)
    {
        _days = await store.ReadDaysAsync(stop) ?? DefaultDays;
        _running = WriteAsync();
        _tidying = TidyAsync(_stopping.Token);
    }

    /// <summary>Writes what waits.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _tidying;
        EndMinute();
        _waiting.Writer.TryComplete();
        await _running;
    }

    public void Dispose() => _stopping.Dispose();

    /// <summary>Permits, does and writes down an act.</summary>
    /// <param name="what">The path that the REST API has for what it is done to.</param>
    public async Task<Result<T>> ActAsync<T>(Actor actor, Role needed, string action, string what, Func<AuditedAct, Task<Result<T>>> act)
        where T : class
    {
        var audited = new AuditedAct(actor, action, what);
        if (actor.Demand(needed) is { } refusal) return Refuse(audited, refusal);
        var result = await WatchAsync(audited, act);
        if (result.Problem is { } problem) return Refuse(audited, problem);
        await DoneAsync(audited);
        return result;
    }

    /// <summary>The same for acts that have nothing to return.</summary>
    public async Task<Problem?> ActAsync(Actor actor, Role needed, string action, string what, Func<AuditedAct, Task<Problem?>> act)
    {
        var audited = new AuditedAct(actor, action, what);
        if (actor.Demand(needed) is { } refusal) return Refuse(audited, refusal);
        if (await WatchAsync(audited, act) is { } problem) return Refuse(audited, problem);
        await DoneAsync(audited);
        return null;
    }

    /// <summary>For acts that do not wait for anything; they are written down behind their backs as well.</summary>
    public Result<T> Act<T>(Actor actor, Role needed, string action, string what, Func<AuditedAct, Result<T>> act) where T : class
    {
        var audited = new AuditedAct(actor, action, what);
        if (actor.Demand(needed) is { } refusal) return Refuse(audited, refusal);
        var result = act(audited);
        if (result.Problem is { } problem) return Refuse(audited, problem);
        Done(audited);
        return result;
    }

    /// <summary>The same for acts that have nothing to return.</summary>
    public Problem? Act(Actor actor, Role needed, string action, string what, Func<AuditedAct, Problem?> act)
    {
        var audited = new AuditedAct(actor, action, what);
        if (actor.Demand(needed) is { } refusal) return Refuse(audited, refusal);
        if (act(audited) is { } problem) return Refuse(audited, problem);
        Done(audited);
        return null;
    }

    /// <summary>Writes down what was refused before it came to an act.</summary>
    public void Refused(Actor actor, string action, string what, Problem why) => Refuse(new(actor, action, what), why);

    /// <summary>Newest first. For administrators.</summary>
    public async Task<Result<Page<AuditEntry>>> ListAsync(AuditFilter filter, string? cursor, int limit, Actor actor, CancellationToken stop)
    {
        if (actor.Demand(Role.Administrator) is { } refusal) return refusal;
        limit = Math.Clamp(limit, 1, MaxPage);
        var before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var read) ? read : long.MaxValue;
        // One more than asked for tells whether another page follows.
        var found = await store.ListAsync(filter, before, limit + 1, stop);
        var next = found.Count > limit ? found[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null;
        var total = await store.CountAsync(filter, MostCounted + 1, stop);
        return new Page<AuditEntry>([.. found.Take(limit)], next, Math.Min(total, MostCounted), total > MostCounted);
    }

    /// <summary>Changes how long entries are kept.</summary>
    public Task<Problem?> SetDaysAsync(int days, Actor actor, CancellationToken stop) =>
        ActAsync(actor, Role.Administrator, "change", "service", async act =>
        {
            if (days is < 0 or > MostDays)
                return Problem.Invalid("auditDays", $"{days} is not allowed; give days from 1 to {MostDays}, or 0 to keep the audit record for ever.");
            act.Changes(new() { ["auditDays"] = _days }, new() { ["auditDays"] = days });
            await store.WriteDaysAsync(days, stop);
            _days = days;
            return null;
        });

    /// <summary>What breaks off may have been done in part: that is written down, too.</summary>
    async Task<T> WatchAsync<T>(AuditedAct audited, Func<AuditedAct, Task<T>> act)
    {
        try
        {
            return await act(audited);
        }
        catch (Exception e)
        {
            Refuse(audited, Problem.Unavailable(e is OperationCanceledException ? "It was given up before its end." : "It broke off; the log says why."));
            throw;
        }
    }

    async Task DoneAsync(AuditedAct audited)
    {
        var entry = EntryOf(audited, null);
        Tell(entry);
        try
        {
            await store.AddAsync([entry], CancellationToken.None);
        }
        catch (Exception e)
        {
            // What was done is done; the log keeps who did it.
            Log.AuditLost(log, e, entry.Action, entry.Subject, entry.Actor, entry.From);
        }
    }

    void Done(AuditedAct audited)
    {
        var entry = EntryOf(audited, null);
        Tell(entry);
        if (!_waiting.Writer.TryWrite(entry)) Log.AuditLost(log, null, entry.Action, entry.Subject, entry.Actor, entry.From);
    }

    Problem Refuse(AuditedAct audited, Problem why)
    {
        lock (_lock)
        {
            var key = (audited.Actor.Name, audited.Actor.From);
            var ofOne = _refusals.GetValueOrDefault(key) + 1;
            if (_refused < MostRefusals && ofOne <= MostOfOne && _waiting.Writer.TryWrite(EntryOf(audited, why.Detail)))
            {
                _refused++;
                _refusals[key] = ofOne;
            }
            else
            {
                _leftOut++;
            }
        }
        return why;
    }

    AuditEntry EntryOf(AuditedAct audited, string? refusal)
    {
        var (before, after) = AuditChange.Between(audited.Before, audited.After);
        var actor = audited.Actor;
        return new()
        {
            Id = ids.Next().Value, At = time.GetUtcNow(), Actor = Cut(actor.Name), Role = actor.Role, From = Cut(actor.From), Through = actor.Through,
            Action = Cut(audited.Action), Subject = Cut(audited.Subject), Before = before, After = after, Refusal = refusal is null ? null : Cut(refusal),
        };
    }

    /// <summary>Says how many refusals were left out, and counts anew.</summary>
    internal void EndMinute()
    {
        lock (_lock)
        {
            _refusals.Clear();
            _refused = 0;
            if (_leftOut == 0) return;
            var many = new AuditedAct(Actor.System, "leave out", "audit");
            many.Changes(null, new JsonObject { ["refusals"] = _leftOut });
            if (_waiting.Writer.TryWrite(EntryOf(many, null))) _leftOut = 0;
        }
    }

    async Task WriteAsync()
    {
        var some = new List<AuditEntry>(MostTogether);
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (some.Count < MostTogether && _waiting.Reader.TryRead(out var entry)) some.Add(entry);
            try
            {
                await store.AddAsync(some, CancellationToken.None);
            }
            catch (Exception e)
            {
                foreach (var entry in some) Log.AuditLost(log, e, entry.Action, entry.Subject, entry.Actor, entry.From);
            }
            some.Clear();
        }
    }

    async Task TidyAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Minute, time);
        try
        {
            do
            {
                EndMinute();
                await PurgeAsync(stop);
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    internal async Task PurgeAsync(CancellationToken stop)
    {
        if (_days == 0) return;
        try
        {
            while (await store.PurgeAsync(time.GetUtcNow().AddDays(-_days), Step, stop) == Step) stop.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.UpkeepFailed(log, e);
        }
    }

    void Tell(AuditEntry entry)
    {
        if (events.HasReaders) events.Publish(new ChangeEvent(entry.At, entry.Action, entry.Subject));
    }

    static string Cut(string text) => text.Length <= MostText ? text : text[..MostText];
}
