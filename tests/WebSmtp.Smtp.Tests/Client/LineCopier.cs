using System.Buffers;
using System.IO.Pipelines;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>
/// Stands between a turned session and a server as fetchmail does: nothing is passed on before its line is complete, and
/// what follows the last LF stays.
/// </summary>
sealed class LineCopier : IDuplexPipe, IAsyncDisposable
{
    readonly Pipe _toClient = new(), _fromClient = new();
    readonly CancellationTokenSource _over;
    readonly Task _copying;

    public LineCopier(IDuplexPipe server, CancellationToken stop)
    {
        _over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _over.CancelAfter(TimeSpan.FromMinutes(1));
        _copying = Task.WhenAll(CopyAsync(server.Input, _toClient.Writer), CopyAsync(_fromClient.Reader, server.Output));
    }

    public PipeReader Input => _toClient.Reader;
    public PipeWriter Output => _fromClient.Writer;

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _copying);
        _over.Dispose();
    }

    async Task CopyAsync(PipeReader from, PipeWriter to)
    {
        while (true)
        {
            var read = await from.ReadAsync(_over.Token);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } lf)
            {
                foreach (var part in rest.Slice(0, rest.GetPosition(1, lf))) to.Write(part.Span);
                await to.FlushAsync(_over.Token);
                rest = rest.Slice(rest.GetPosition(1, lf));
            }
            from.AdvanceTo(rest.Start, rest.End);
            if (!read.IsCompleted) continue;
            await to.CompleteAsync();
            return;
        }
    }
}
