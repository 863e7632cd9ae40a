using WebSmtp.Mta.Events;

namespace WebSmtp.Mta.Tests.Events;

/// <summary>Watching costs the same however much happens, and harms nobody who publishes.</summary>
public sealed class EventWatchTests
{
    const int Deadline = 60_000;

    readonly EventStream _events = new();

    static SiteEvent Of(int site) => new(default, site, "changed");

    [Fact(Timeout = Deadline)]
    public async Task Much_that_happens_is_one_reason_and_what_does_not_concern_is_none()
    {
        var asked = 0;
        using var watch = _events.Watch(what =>
        {
            asked++;
            return what.SiteId == 1;
        });
        _events.Publish(Of(2));
        var waiting = watch.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        for (var i = 0; i < 100; i++) _events.Publish(Of(1));

        await waiting;
        // The continuation may clear the mark while the publisher goes on, so a few more are asked about.
        Assert.InRange(asked, 2, 101);
        for (var i = 0; i < 100; i++) _events.Publish(Of(1));
        await watch.WaitAsync(TestContext.Current.CancellationToken);
        Assert.InRange(asked, 3, 201);
    }

    [Fact(Timeout = Deadline)]
    public async Task Who_watches_badly_does_not_harm_who_publishes_and_who_is_gone_is_not_asked()
    {
        var asked = 0;
        var watch = _events.Watch(_ =>
        {
            asked++;
            throw new InvalidOperationException("A page that is half gone.");
        });
        Assert.True(_events.HasReaders);
        _events.Publish(Of(1));
        await watch.WaitAsync(TestContext.Current.CancellationToken);
        watch.Dispose();
        _events.Publish(Of(1));
        Assert.Equal((1, false), (asked, _events.HasReaders));
    }
}
