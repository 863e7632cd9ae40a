using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Events;

namespace WebSmtp.Mta.Queue;

/// <summary>How a long act stands. Paused: it goes on when somebody says so.</summary>
public enum OperationState { Running, Done, Cancelled, Failed, Paused }

/// <summary>A message with which it could not be done, and why.</summary>
public sealed record OperationFailure(MessageId MessageId, string Reason);

/// <summary>A long act as it is at a moment. <paramref name="Done"/> and <paramref name="Failed"/> are of <paramref name="Total"/>.</summary>
/// <param name="SiteId">0: it is about several sites.</param>
/// <param name="What">For people: <c>freeze</c>.</param>
/// <param name="Reason">Why it failed, or why some of it did.</param>
public sealed record OperationView(
    string Id, int SiteId, string What, string By, OperationState State, long Done, long Total, long Failed, DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt, string? Reason)
{
    /// <summary>Failures that are kept with their message; of the others only the number is.</summary>
    public const int MostFailures = 200;

    /// <summary>Which messages it is about, in the words of the queue's search; empty: all.</summary>
    public string Filter { get; init; } = "";

    /// <summary>The first failures.</summary>
    public IReadOnlyList<OperationFailure> Failures { get; init; } = [];

    /// <summary>Where it wrote files.</summary>
    public string? Folder { get; init; }

    public bool HasEnded => State is not (OperationState.Running or OperationState.Paused);
}

/// <summary>What a long act tells about itself while it works. Thread-safe.</summary>
public sealed class Operation
{
    readonly Lock _lock = new();
    readonly Action<OperationView> _progress;
    OperationView _view;

    internal Operation(OperationView view, Action<OperationView> progress) => (_view, _progress) = (view, progress);

    TaskCompletionSource? _paused;

    internal CancellationTokenSource Cancel { get; } = new();
    internal Task Running { get; set; } = Task.CompletedTask;

    public OperationView View
    {
        get { lock (_lock) return _view; }
    }

    internal void Expect(long total) => Update(view => view with { Total = total });

    internal void WriteTo(string folder) => Update(view => view with { Folder = folder });

    /// <summary>Between two pieces of work: waits while it is paused.</summary>
    internal async Task PauseAsync(CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        Task? until;
        lock (_lock) until = _paused?.Task;
        if (until is not null) await until.WaitAsync(stop);
    }

    /// <summary>False: it has ended.</summary>
    internal bool Pause(bool pause)
    {
        TaskCompletionSource? over = null;
        lock (_lock)
        {
            if (_view.HasEnded) return false;
            if (pause) _paused ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            else (over, _paused) = (_paused, null);
        }
        Update(view => view.HasEnded ? view : view with { State = pause ? OperationState.Paused : OperationState.Running });
        over?.SetResult();
        return true;
    }

    internal void Advance(long done, IReadOnlyCollection<KeyValuePair<long, string>> failures) => Update(view => view with
    {
        Done = view.Done + done,
        Failed = view.Failed + failures.Count,
        Failures = failures.Count == 0 || view.Failures.Count >= OperationView.MostFailures ? view.Failures
            : [.. view.Failures.Concat(failures.Select(one => new OperationFailure(new(one.Key), one.Value))).Take(OperationView.MostFailures)],
        Reason = view.Reason ?? (failures.Count == 0 ? null : failures.First().Value),
        // More may have come to match than there were at first.
        Total = Math.Max(view.Total, view.Done + done + view.Failed + failures.Count),
    });

    internal void End(OperationState state, DateTimeOffset at, string? reason) => Update(view => view with
    {
        State = state,
        EndedAt = at,
        Reason = reason ?? view.Reason,
        Total = state is OperationState.Done ? view.Done + view.Failed : view.Total,
    });

    void Update(Func<OperationView, OperationView> change)
    {
        OperationView view;
        lock (_lock) view = _view = change(_view);
        _progress(view);
    }
}

/// <summary>
/// Acts that take long, each on its own: they can be watched and cancelled, and stay listed for an hour after their end.
/// They live in this process: one that a stop of the program cut off is begun again by whoever wants the rest, since none
/// does harm twice. Thread-safe.
/// </summary>
public sealed class Operations(MessageIds ids, EventStream events, Audit audit, TimeProvider time, ILogger<Operations> log)
{
    /// <summary>At the same time; each takes its share of the disk from the mail.</summary>
    const int MostRunning = 10;
    static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    readonly ConcurrentDictionary<string, Operation> _all = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Newest first.</summary>
    public IReadOnlyList<OperationView> List()
    {
        Forget();
        return [.. _all.Values.Select(operation => operation.View).OrderByDescending(view => view.Id, StringComparer.Ordinal)];
    }

    public OperationView? Find(string id)
    {
        Forget();
        return _all.GetValueOrDefault(id)?.View;
    }

    /// <summary>Null: it ends after the piece that it is at.</summary>
    public Problem? Cancel(string id, Actor actor) =>
        audit.Act(actor, Role.Operator, "cancel", $"operations/{id}", _ =>
        {
            if (!_all.TryGetValue(id, out var operation)) return Problem.NotFound($"There is no operation '{id}'.");
            if (operation.View.HasEnded) return Ended(operation.View);
            Log.OperationCancelled(log, operation.View.What, actor.Name);
            operation.Cancel.Cancel();
            return null;
        });

    /// <summary>Holds it after the piece that it is at, or lets it go on; null: so it is now.</summary>
    public Problem? Pause(string id, bool pause, Actor actor) =>
        audit.Act(actor, Role.Operator, pause ? "pause" : "continue", $"operations/{id}", _ =>
        {
            if (!_all.TryGetValue(id, out var operation)) return Problem.NotFound($"There is no operation '{id}'.");
            if (!operation.Pause(pause)) return Ended(operation.View);
            Log.OperationPaused(log, operation.View.What, pause ? "paused" : "continued", actor.Name);
            return null;
        });

    /// <summary>As it is when it has ended, or after a while.</summary>
    public async Task<OperationView?> WaitAsync(string id, TimeSpan longest, CancellationToken stop)
    {
        if (!_all.TryGetValue(id, out var operation)) return null;
        await operation.Running.WaitAsync(longest, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return operation.View;
    }

    static Problem Ended(OperationView view) => Problem.Conflict($"Operation {view.Id} has ended.");

    /// <summary>Why no other can begin now; null: one can.</summary>
    internal Problem? Full => _all.Values.Count(one => !one.View.HasEnded) < MostRunning
        ? null
        : Problem.Conflict($"{MostRunning} operations are running; wait for one to end, or cancel one.");

    /// <param name="work">Tells how it gets on; whatever it throws fails the operation.</param>
    internal Result<OperationView> Start(int siteId, string what, string filter, Actor by, Func<Operation, CancellationToken, Task> work)
    {
        Forget();
        if (Full is { } full) return full;
        var view = new OperationView(
            ids.Next().ToString(), siteId, what, by.Name, OperationState.Running, 0, 0, 0, time.GetUtcNow(), null, null)
        { Filter = filter };
        var operation = _all[view.Id] = new(view, Publish);
        Log.OperationStarted(log, what, siteId, by.Name);
        operation.Running = Task.Run(() => RunAsync(operation, work));
        return view;
    }

    internal Task WhenEndedAsync(string id) => _all[id].Running;

    /// <summary>Cancels all, and waits for them.</summary>
    public async Task StopAsync()
    {
        var cutOff = _all.Values.Where(operation => !operation.View.HasEnded).ToList();
        foreach (var operation in cutOff) await operation.Cancel.CancelAsync();
        await Task.WhenAll(_all.Values.Select(operation => operation.Running));
        // Nobody can ask for it any more when the program is there again.
        foreach (var view in cutOff.Select(operation => operation.View).Where(view => view.State is OperationState.Cancelled))
        {
            audit.Act(Actor.System, Role.Operator, "cut off", $"operations/{view.Id}", act =>
            {
                act.Changes(null, new() { ["what"] = view.What, ["filter"] = view.Filter, ["by"] = view.By, ["done"] = view.Done, ["failed"] = view.Failed, ["total"] = view.Total });
                return null;
            });
        }
    }

    async Task RunAsync(Operation operation, Func<Operation, CancellationToken, Task> work)
    {
        var stop = operation.Cancel.Token;
        try
        {
            await work(operation, stop);
            operation.End(OperationState.Done, time.GetUtcNow(), null);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            operation.End(OperationState.Cancelled, time.GetUtcNow(), null);
        }
        catch (Exception e)
        {
            Log.OperationFailed(log, e, operation.View.What);
            operation.End(OperationState.Failed, time.GetUtcNow(), e is QueueFullException
                ? "The disk is full; make room and begin again." : "The queue could not be read or written; the log says more. Begin again.");
        }
        var view = operation.View;
        Log.OperationEnded(log, view.What, view.SiteId, view.State, view.Done, view.Failed);
    }

    void Publish(OperationView view) => events.Publish(new OperationEvent(time.GetUtcNow(), view.SiteId, view.Id, view.State, view.Done, view.Total));

    void Forget()
    {
        var before = time.GetUtcNow() - KeptFor;
        foreach (var (id, operation) in _all)
            if (operation.View.EndedAt < before) _all.TryRemove(id, out _);
    }
}
