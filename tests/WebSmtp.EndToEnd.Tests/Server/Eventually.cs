namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>For what can only be seen by asking again: the server settles a message after the host has got its last reply.</summary>
static class Eventually
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(90), Pace = TimeSpan.FromMilliseconds(40);

    /// <summary>Asks until the answer is the wanted one; fails with the last one when it never comes.</summary>
    public static async Task EqualAsync<T>(T wanted, Func<Task<T>> ask, TimeSpan? limit = null)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        over.CancelAfter(limit ?? Limit);
        using var pace = new PeriodicTimer(Pace);
        while (true)
        {
            var last = await ask();
            if (EqualityComparer<T>.Default.Equals(wanted, last)) return;
            try
            {
                await pace.WaitForNextTickAsync(over.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(wanted, last);
            }
        }
    }

    /// <summary>Asks until it is so.</summary>
    public static Task TrueAsync(Func<Task<bool>> ask, TimeSpan? limit = null) => EqualAsync(true, ask, limit);
}
