using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Queue;

/// <summary>
/// The one writer of the queue. It takes all changes that wait at a moment, bounded by count and bytes, into one
/// transaction with one flush to disk, and answers all of them: group commit. When nobody else waits it commits at once.
/// A group that fails is rolled back and its changes are tried one by one, so that a bad one harms no other. It survives
/// every failure of the database and goes on when the database does. Thread-safe.
/// </summary>
sealed class CommitPipeline : IAsyncDisposable
{
    const int MaxWaiting = 1024;
    const int MaxGroupChanges = 512;
    const int MaxGroupBytes = 16 << 20;
    const int AnsweredTogether = 2;

    /// <summary>About what is written of a change besides its content.</summary>
    const int BytesOfRows = 24 << 10;

    internal static readonly TimeSpan IdleBeforeTidying = TimeSpan.FromSeconds(5);

    readonly Database _database;
    readonly TimeProvider _time;
    readonly ILogger<CommitPipeline> _log;

    /// <summary>A null stands for the time to tidy.</summary>
    readonly Channel<Change?> _waiting = Channel.CreateBounded<Change?>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    readonly List<Change> _group = new(MaxGroupChanges);
    readonly Checkpoints? _checkpoints;
    readonly Task _loop;
    readonly ITimer _ticks;
    QueueWriter? _writer;
    bool _diskWasFull;
    volatile bool _busy, _untidy;

    public CommitPipeline(Database database, TimeProvider time, ILogger<CommitPipeline> log)
    {
        (_database, _time, _log) = (database, time, log);
        if (database.Provider.HasCheckpoints) _checkpoints = new(database.Provider, log);
        _loop = Task.Run(LoopAsync);
        _ticks = time.CreateTimer(_ => Tick(), null, IdleBeforeTidying, IdleBeforeTidying);
    }

    /// <summary>
    /// Runs a change and completes when it is on disk. It may be run more than once, but only one run is committed: it
    /// changes nothing but the database. A change that was begun is not abandoned when <paramref name="stop"/> is
    /// cancelled, so that the caller always learns what came of it. Throws as <see cref="IQueueStore"/> says.
    /// </summary>
    public async Task<T> RunAsync<T>(Func<WriteBatch, ValueTask<T>> run, int bytes = 0, CancellationToken stop = default)
    {
        var change = new Change<T>(run, bytes, stop);
        try
        {
            await _waiting.Writer.WriteAsync(change, stop);
        }
        catch (ChannelClosedException exception)
        {
            throw new QueueUnavailableException("The queue's store is closed.", exception);
        }
        return await change.Done;
    }

    async Task LoopAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            // Whoever has work to do at this moment may have a change to bring: it comes with this group, not the next.
            await Task.Yield();
            var tidy = Take();
            using var turn = await _database.TakeTurnAsync(CancellationToken.None);
            if (_group.Count > 0)
            {
                await CommitAsync();
                if (_checkpoints is not null && _writer is not null) await _checkpoints.WrittenAsync(_writer.Connection, _group.Sum(change => change.Bytes + BytesOfRows));
                _group.Clear();
                (_busy, _untidy) = (true, true);
            }
            else if (tidy)
            {
                _untidy = await TidyAsync();
            }
        }
    }

    /// <summary>Moves what waits into the group; true when it was time to tidy.</summary>
    bool Take()
    {
        var bytes = 0L;
        var tidy = false;
        while (_group.Count < MaxGroupChanges && bytes < MaxGroupBytes && _waiting.Reader.TryRead(out var change))
        {
            if (change is null)
            {
                tidy = true;
            }
            else if (change.Abandoned)
            {
                Answer([change]);
            }
            else
            {
                bytes += change.Bytes;
                _group.Add(change);
            }
        }
        return tidy;
    }

    void Tick()
    {
        if (_untidy && !_busy) _waiting.Writer.TryWrite(null);
        _busy = false;
    }

    async Task CommitAsync()
    {
        await RunGroupAsync();
        Answer(_group);
    }

    async Task RunGroupAsync()
    {
        var failure = await TryCommitAsync(_group, again: false);
        if (failure is null)
        {
            Succeeded();
            return;
        }
        if (_group.Count > 1) Log.GroupFailed(_log, failure.Exception, _group.Count);
        foreach (var change in _group)
        {
            // A change alone is tried again too: its connection may have been broken long ago.
            var retry = _group.Count > 1 || failure.Trouble == DatabaseTrouble.Other;
            var last = retry ? await TryCommitAsync([change], failure.WhileCommitting) : failure;
            if (last is null) Succeeded(); else Fail(change, last);
        }
    }

    /// <summary>Null when the changes are on disk, else why nothing of them is.</summary>
    async Task<Failure?> TryCommitAsync(IReadOnlyList<Change> changes, bool again)
    {
        var committing = false;
        try
        {
            _writer ??= new(await _database.Provider.OpenWriterAsync(CancellationToken.None), _database.Provider);
            await _writer.BeginAsync();
            var batch = new WriteBatch(_writer, _time.GetUtcNow(), again);
            foreach (var change in changes) await change.RunAsync(batch);
            await batch.FinishAsync();
            committing = true;
            await _writer.CommitAsync();
            return null;
        }
        catch (Exception exception)
        {
            var trouble = _database.Provider.Classify(exception);
            await RollbackAsync(keep: trouble != DatabaseTrouble.Other);
            return new(exception, trouble, committing);
        }
    }

    /// <summary>After trouble that is not understood the connection is thrown away; the next group opens another.</summary>
    async Task RollbackAsync(bool keep)
    {
        if (_writer is null) return;
        try
        {
            await _writer.RollbackAsync();
        }
        catch (Exception exception)
        {
            Log.ChangeFailed(_log, exception);
            keep = false;
        }
        if (!keep) await CloseAsync();
    }

    void Succeeded()
    {
        if (_diskWasFull) Log.WritableAgain(_log);
        _diskWasFull = false;
    }

    /// <summary>
    /// Wakes those who wait, away from the writer, which goes on with the next group. A few share a thread: to wake one
    /// for each costs more than what most of them do next.
    /// </summary>
    static void Answer(IEnumerable<Change> changes)
    {
        foreach (var few in changes.Chunk(AnsweredTogether))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static few =>
            {
                foreach (var change in few) change.Answer();
            }, few, preferLocal: false);
        }
    }

    void Fail(Change change, Failure failure)
    {
        if (failure.Trouble == DatabaseTrouble.Full)
        {
            if (!_diskWasFull) Log.DiskFull(_log, failure.Exception);
            _diskWasFull = true;
            change.Failure = new QueueFullException("The disk is full.", failure.Exception);
            return;
        }
        Log.ChangeFailed(_log, failure.Exception);
        change.Failure = new QueueUnavailableException("The queue could not be written.", failure.Exception);
    }

    /// <summary>Housekeeping, a bounded piece at a time, when no change came between two ticks. True when there is more.</summary>
    async Task<bool> TidyAsync()
    {
        try
        {
            return _writer is not null && await _database.Provider.TidyAsync(_writer.Connection, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Log.TidyFailed(_log, exception);
            return false;
        }
    }

    async ValueTask CloseAsync()
    {
        try
        {
            if (_writer is not null) await _writer.DisposeAsync();
        }
        catch (Exception exception)
        {
            Log.ChangeFailed(_log, exception);
        }
        _writer = null;
    }

    /// <summary>Commits what waits, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_waiting.Writer.TryComplete()) return;
        await _ticks.DisposeAsync();
        await _loop;
        if (_checkpoints is not null) await _checkpoints.DisposeAsync();
        await CloseAsync();
    }

    /// <param name="WhileCommitting">It may have been committed all the same, when only the answer was lost.</param>
    sealed record Failure(Exception Exception, DatabaseTrouble Trouble, bool WhileCommitting);

    /// <summary>Something that waits to be written, and whoever waits for it.</summary>
    abstract class Change(int bytes)
    {
        public int Bytes => bytes;

        /// <summary>Nobody waits for it any more, and it was not begun.</summary>
        public abstract bool Abandoned { get; }
        public abstract ValueTask RunAsync(WriteBatch batch);

        /// <summary>Why it is not on disk; null when it is.</summary>
        public Exception? Failure { get; set; }

        /// <summary>Goes on with whoever waits, on this thread.</summary>
        public abstract void Answer();
    }

    sealed class Change<T>(Func<WriteBatch, ValueTask<T>> run, int bytes, CancellationToken stop) : Change(bytes)
    {
        readonly TaskCompletionSource<T> _done = new();
        T _result = default!;
        bool _begun;

        public Task<T> Done => _done.Task;
        public override bool Abandoned => !_begun && stop.IsCancellationRequested;

        public override async ValueTask RunAsync(WriteBatch batch)
        {
            _begun = true;
            _result = await run(batch);
        }

        public override void Answer()
        {
            if (Failure is not null) _done.SetException(Failure);
            else if (_begun) _done.SetResult(_result);
            else _done.SetCanceled(stop);
        }
    }
}
