using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Tests.Administration;

namespace WebSmtp.Mta.Tests.Collectors;

/// <summary>A site as the branch, beside a provider that the test plays line by line, at 192.0.2.10 port 366.</summary>
sealed class CollectorBench : IAsyncDisposable
{
    public const string Provider = "192.0.2.10:366";
    public static readonly Actor Administrator = new("admin", Role.Administrator, "local");

    public CollectorBench()
    {
        Mail = new(TestContext.Current.CancellationToken);
        var hosts = new CollectorHosts(Mail.Network, new OwnListeners(Mail.Sites));
        var conversation = new CollectorConversation(
            hosts, Mail.Network, Mail.Sinks, Mail.Sites, Mail.Watch, Mail.Accounts, Mail.Time, NullLogger<CollectorConversation>.Instance);
        Runner = new(Store, Mail.Sites, conversation, Mail.Events, Mail.Time, NullLogger<CollectorRunner>.Instance);
        Operations = new(Store, Runner, hosts, Mail.Sites, Mail.Accounts, MemoryAuditStore.NewAudit(Mail.Time), Mail.Time, NullLogger<CollectorOperations>.Instance);
    }

    public MailBench Mail { get; }
    public FakeCollectorStore Store { get; } = new();
    public SessionRegistry Sessions => Mail.Sessions;
    public CollectorRunner Runner { get; }
    public CollectorOperations Operations { get; }
    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static CollectorConfiguration Wanted(CollectionMethod method = CollectionMethod.Atrn, params string[] domains) => new(
        "provider", Enabled: true, "192.0.2.10", 366, HostTls.Opportunistic, null, method, null, null, domains, null, null);

    public async Task AddAsync(CollectorConfiguration wanted) =>
        Assert.Null((await Operations.CreateAsync(1, wanted, Administrator, Stop)).Problem);

    /// <summary>One run on demand, to its end.</summary>
    public async Task<CollectorRun> RunAsync(string name = "provider")
    {
        var started = await Operations.RunAsync(1, name, Administrator, Stop);
        Assert.Null(started.Problem);
        await Store.WhenAsync(_ => started.Value!.EndedAt is not null);
        await Runner.EndedAsync();
        return started.Value!;
    }

    /// <summary>Who is at the provider's address from now on, after greeting and EHLO were answered.</summary>
    /// <param name="offers">Keywords of the EHLO reply.</param>
    /// <param name="play">The rest of the conversation; the connection is closed after it.</param>
    public Task<Exception?> ListenAsync(string offers, Func<Talk, Task> play)
    {
        var played = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Mail.Network.Listen(Provider, async pipe =>
        {
            await using var talk = new Talk(pipe);
            try
            {
                await talk.SayAsync("220 provider.example\r\n");
                Assert.Equal("EHLO hub.example", await talk.LineAsync());
                await talk.SayAsync($"250-provider.example\r\n{string.Concat(offers.Split(';').Select(offer => $"250-{offer}\r\n"))}250 8BITMIME\r\n");
                await play(talk);
                played.TrySetResult(null);
            }
            catch (Exception e)
            {
                played.TrySetResult(e);
            }
        });
        return played.Task;
    }

    /// <summary>The provider hears a line and answers it.</summary>
    public static async Task AnswerAsync(Talk talk, string expected, string reply)
    {
        Assert.Equal(expected, await talk.LineAsync());
        await talk.SayAsync(reply + "\r\n");
    }

    public static async Task QuitAsync(Talk talk) => await AnswerAsync(talk, "QUIT", "221 bye");

    public async ValueTask DisposeAsync()
    {
        await Runner.StopAsync(TimeSpan.Zero);
        Runner.Dispose();
        await Mail.DisposeAsync();
    }
}
