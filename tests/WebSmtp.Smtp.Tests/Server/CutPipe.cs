using System.Buffers;
using System.IO.Pipelines;

namespace WebSmtp.Smtp.Tests.Server;

/// <summary>How the client's bytes are cut up. Every conversation must come out the same under all three.</summary>
public enum Cut { Whole, Lines, Bytes }

/// <summary>
/// A reader that shows what has arrived piece by piece, however it was written. So a byte that waits behind another is
/// found waiting, without any timing. It also knows when its user has nothing left to do but wait.
/// </summary>
sealed class CutPipeReader(PipeReader inner, Cut cut) : PipeReader
{
    ReadOnlySequence<byte> _shown;
    long _kept;
    TaskCompletionSource _idle = new();

    /// <summary>Completes when, after this call, the user of the reader waits for more.</summary>
    public Task NextIdle() => (_idle = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = inner.ReadAsync(cancellationToken);
        if (!reading.IsCompleted) _idle.TrySetResult();
        return Show(await reading);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!inner.TryRead(out result)) return false;
        result = Show(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _kept = _shown.Slice(consumed, examined).Length;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    ReadResult Show(ReadResult read)
    {
        var fresh = read.Buffer.Slice(_kept);
        var length = cut switch
        {
            Cut.Bytes => Math.Min(1, fresh.Length),
            Cut.Lines when fresh.PositionOf((byte)'\n') is { } lf => fresh.Slice(0, fresh.GetPosition(1, lf)).Length,
            _ => fresh.Length,
        };
        _shown = read.Buffer.Slice(0, _kept + length);
        return new(_shown, read.IsCanceled, read.IsCompleted && length == fresh.Length);
    }
}

/// <summary>Two ends of a connection in memory. Nothing is scheduled: who writes, runs the reader.</summary>
sealed class MemoryConnection
{
    static readonly PipeOptions Inline = new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0,
        resumeWriterThreshold: 0, useSynchronizationContext: false);

    public MemoryConnection(Cut cut)
    {
        var (toServer, toClient) = (new Pipe(Inline), new Pipe(Inline));
        ServerInput = new(toServer.Reader, cut);
        Server = new End(ServerInput, toClient.Writer);
        Client = new End(toClient.Reader, toServer.Writer);
    }

    public CutPipeReader ServerInput { get; }
    public IDuplexPipe Server { get; }
    public IDuplexPipe Client { get; }

    sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
