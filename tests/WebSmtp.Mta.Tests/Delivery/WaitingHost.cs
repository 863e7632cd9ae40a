using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>The first host, which takes nothing before it is told to go on.</summary>
sealed class WaitingHost
{
    readonly MailBench _bench;
    readonly SinkHost _host;
    readonly TaskCompletionSource _reached = new(), _go = new();

    public WaitingHost(MailBench bench)
    {
        _bench = bench;
        _host = new(bench.Time)
        {
            BeforeFinalReply = () =>
            {
                _reached.TrySetResult();
                return _go.Task;
            },
        };
        bench.Network.Listen(RouteScene.First, _host);
    }

    /// <summary>A message has come.</summary>
    public Task Reached => _reached.Task;
    public IReadOnlyList<TakenMessage> Taken => _host.Taken;

    /// <summary>One message is here, and all others are on their way.</summary>
    public async Task WhenAllWaitAsync()
    {
        await Reached;
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!_bench.Queue.Recipients.All(entry => entry.State is RecipientState.Delivering)) await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    public void GoOn() => _go.SetResult();
}
