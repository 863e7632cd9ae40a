using System.Collections.Concurrent;
using System.Net.Sockets;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Durability;

/// <summary>kill -9 at random moments, and then the count: what was answered with 250 is there, once.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Long)]
    public async Task Every_message_that_was_answered_survives_a_kill_under_load()
    {
        const int rounds = 4, senders = 12;
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        var acknowledged = new ConcurrentBag<string>();
        for (var round = 0; round < rounds; round++)
        {
            var load = new Load(site, round, acknowledged, enough: random.Next(1, 400));
            var sending = Task.WhenAll(Enumerable.Range(0, senders).Select(load.SendAsync));
            await load.Enough.WaitAsync(Stop);
            await server.KillAsync(Stop);
            await sending;
            await server.StartAgainAsync(Stop);
        }

        var host = await TurnHost.CollectAsync(site, account, Stop);

        var came = host.Received.Select(mail => mail.Subject).ToArray();
        var lost = acknowledged.Except(came, StringComparer.Ordinal).ToArray();
        var repeated = came.Length - came.Distinct(StringComparer.Ordinal).Count();
        output.WriteLine($"seed {seed}: acknowledged {acknowledged.Count}, lost {lost.Length}, repeated {repeated}; {came.Length - acknowledged.Count} more were stored whose 250 nobody saw");
        Assert.Empty(lost);
        Assert.Equal(0, repeated);
        // Of each sender at most the one that was under way when the server was killed.
        Assert.InRange(came.Length - acknowledged.Count, 0, rounds * senders);
        Assert.All(host.Received, mail => mail.AssertSameAs(Load.Content(mail.Subject), mail.Subject));
        await Eventually.EqualAsync(0, () => site.HeldAsync("held.example"));
    }

    [Fact(Timeout = Limits.Long)]
    public async Task After_a_kill_in_the_middle_of_collections_only_unanswered_messages_are_repeated()
    {
        const int messages = 150, kills = 4;
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        var sent = Enumerable.Range(0, messages).Select(number => $"number {number}").ToArray();
        await site.SendAsync("user@held.example", sent.Select(Load.Content));
        var (answered, unanswered) = (new List<string>(), new List<string>());
        for (var kill = 0; kill <= kills; kill++)
        {
            var last = kill == kills ? int.MaxValue : random.Next(1, messages / (kills + 1));
            var taken = 0;
            var host = new MailHost
            {
                ReplyToContent = async mail =>
                {
                    if (taken++ < last) return "250 2.0.0 Taken";
                    // We have the message, and the server dies before it hears so.
                    unanswered.Add(mail.Subject);
                    await server.KillAsync(Stop);
                    return null;
                },
            };
            await using var talk = await site.ConnectAsync();
            await talk.GreetAsync();
            await talk.LogInAsync(account);
            var end = await TurnHost.CollectAsync(talk, host, Stop);
            answered.AddRange(host.Received.Select(mail => mail.Subject));
            Assert.Equal(kill == kills ? HostEnd.Quit : HostEnd.BrokenOff, end);
            if (kill < kills) await server.StartAgainAsync(Stop);
        }

        var lost = sent.Except(answered, StringComparer.Ordinal).ToArray();
        var repeated = answered.Concat(unanswered).GroupBy(subject => subject, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key).ToArray();
        output.WriteLine($"seed {seed}: acknowledged {messages}, lost {lost.Length}, repeated {repeated.Length} ({string.Join(", ", repeated)}); unanswered: {string.Join(", ", unanswered)}");
        Assert.Empty(lost);
        Assert.Equal(unanswered.Order(StringComparer.Ordinal), repeated.Order(StringComparer.Ordinal));
        Assert.Equal(messages, answered.Count);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_large_message_survives_a_kill_right_after_its_250()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        var large = SampleMail.OfSize(5 * 1024 * 1024);
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("sender@away.example", ["user@held.example"], large);
            await server.KillAsync(Stop);
        }
        await server.StartAgainAsync(Stop);
        Assert.Single((await TurnHost.CollectAsync(site, account, Stop)).Received).AssertSameAs(large, "5 MiB");
    }

    /// <summary>Senders that send until the server is gone, and write down what was answered with 250.</summary>
    sealed class Load(TestSite site, int round, ConcurrentBag<string> acknowledged, int enough)
    {
        readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int _answers;

        /// <summary>So many messages were answered.</summary>
        public Task Enough => _enough.Task;

        public static byte[] Content(string subject)
        {
            // Every size from nothing to more than a row holds.
            var size = subject.Aggregate(7, (sum, c) => sum * 31 + c) & 0x3FFF;
            return SampleMail.OfSize(100 + (size % 16 == 0 ? size * 16 : size), subject);
        }

        public async Task SendAsync(int sender)
        {
            try
            {
                await using var talk = await site.ConnectAsync();
                await talk.GreetAsync();
                for (var number = 0; ; number++)
                {
                    var subject = $"{round}-{sender}-{number}";
                    await talk.SendMailAsync("sender@away.example", ["user@held.example"], Content(subject));
                    acknowledged.Add(subject);
                    if (Interlocked.Increment(ref _answers) == enough) _enough.SetResult();
                }
            }
            catch (Exception e) when (e is IOException or SocketException || e is Xunit.Sdk.XunitException && e.Message.Contains("(closed)", StringComparison.Ordinal))
            {
                // The server is gone, as it should be.
            }
        }
    }
}
