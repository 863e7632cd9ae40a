using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Events;

namespace WebSmtp.Mta.Queue;

/// <summary>How a long act stands.</summary>
public enum OperationState { Running, Done, Cancelled, Failed }

/// <summary>A long act as it is at a moment. <paramref name="Done"/> and <paramref name="Failed"/> are of <paramref name="Total"/>.</summary>
/// <param name="What">For people: <c>freeze</c>.</param>
/// <param name="Reason">Why it failed, or why some of it did.</param>
public sealed record OperationView(
    string Id, int SiteId, string What, string By, OperationState State, long Done, long Total, long Failed, DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt, string? Reason);

/// <summary>What a long act tells about itself while it works. Thread-safe.</summary>
public sealed class Operation
{
    readonly Lock _lock = new();
    readonly Action<OperationView> _progress;
    OperationView _view;

    internal Operation(OperationView view, Action<OperationView> progress) => (_view, _progress) = (view, progress);

    internal CancellationTokenSource Cancel { get; } = new();
    internal Task Running { get; set; } = Task.CompletedTask;

    public OperationView View
    {
        get { lock (_lock) return _view; }
    }

    internal void Expect(long total) => Update(view => view with { Total = total });

    /// <param name="reason">Of the first failure; later ones are only counted.</param>
    internal void Advance(long done, long failed, string? reason) => Update(view => view with
    {
        Done = view.Done + done,
        Failed = view.Failed + failed,
        Reason = view.Reason ?? reason,
        // More may have come to match than there were at first.
        Total = Math.Max(view.Total, view.Done + done + view.Failed + failed),
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
            if (operation.View.State is not OperationState.Running) return Problem.Conflict($"Operation {operation.View.Id} has ended.");
            Log.OperationCancelled(log, operation.View.What, actor.Name);
            operation.Cancel.Cancel();
            return null;
        });

    /// <summary>Why no other can begin now; null: one can.</summary>
    internal Problem? Full => _all.Values.Count(one => one.View.State is OperationState.Running) < MostRunning
        ? null
        : Problem.Conflict($"{MostRunning} operations are running; wait for one to end, or cancel one.");

    /// <param name="work">Tells how it gets on; whatever it throws fails the operation.</param>
    internal Result<OperationView> Start(int siteId, string what, Actor by, Func<Operation, CancellationToken, Task> work)
    {
        Forget();
        if (Full is { } full) return full;
        var view = new OperationView(
            ids.Next().ToString(), siteId, what, by.Name, OperationState.Running, 0, 0, 0, time.GetUtcNow(), null, null);
        var operation = _all[view.Id] = new(view, Publish);
        Log.OperationStarted(log, what, siteId, by.Name);
        operation.Running = Task.Run(() => RunAsync(operation, work));
        return view;
    }

    internal Task WhenEndedAsync(string id) => _all[id].Running;

    /// <summary>Cancels all, and waits for them.</summary>
    public async Task StopAsync()
    {
        foreach (var operation in _all.Values) await operation.Cancel.CancelAsync();
        await Task.WhenAll(_all.Values.Select(operation => operation.Running));
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
