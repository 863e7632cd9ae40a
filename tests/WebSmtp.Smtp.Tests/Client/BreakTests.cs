using WebSmtp.Smtp.Client;
using static WebSmtp.Smtp.Tests.Client.ClientConversation;
using static WebSmtp.Smtp.Tests.Client.TransactionTests;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>The connection ends, the server falls silent or talks nonsense: at each phase, with and without pipelining.</summary>
public class BreakTests
{
    static readonly (ClientPhase Phase, string Before, string Answer)[] StepByStep =
    [
        (ClientPhase.Greeting, "", "S: 220 mx"),
        (ClientPhase.Hello, "C: EHLO client.example", "S: 250 mx"),
        (ClientPhase.Mail, "C: MAIL FROM:<alice@example.org>", "S: 250 ok"),
        (ClientPhase.Rcpt, "C: RCPT TO:<refused@example.net>", "S: 550 no"),
        (ClientPhase.Rcpt, "C: RCPT TO:<bob@example.net>", "S: 250 ok"),
        (ClientPhase.Rcpt, "C: RCPT TO:<carol@example.net>", "S: 250 ok"),
        (ClientPhase.Data, "C: DATA", "S: 354 go on"),
        (ClientPhase.FinalDot, "C.", "S: 250 ok"),
    ];

    static readonly (ClientPhase Phase, string Before, string Answer)[] Pipelined =
    [
        (ClientPhase.Greeting, "", "S: 220 mx"),
        (ClientPhase.Hello, "C: EHLO client.example", "S: 250-mx\nS: 250 PIPELINING"),
        (ClientPhase.Mail, """
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<refused@example.net>
            C: RCPT TO:<bob@example.net>
            C: RCPT TO:<carol@example.net>
            C: DATA
            """, "S: 250 ok"),
        (ClientPhase.Rcpt, "", "S: 550 no"),
        (ClientPhase.Rcpt, "", "S: 250 ok"),
        (ClientPhase.Rcpt, "", "S: 250 ok"),
        (ClientPhase.Data, "", "S: 354 go on"),
        (ClientPhase.FinalDot, "C.", "S: 250 ok"),
    ];

    public static MatrixTheoryData<bool, int> Places => new([false, true], Enumerable.Range(0, StepByStep.Length));

    [Theory, MemberData(nameof(Places))]
    public async Task A_closed_connection_decides_nothing_that_was_not_decided(bool pipelining, int place)
    {
        var (failure, phase) = await EndAsync(pipelining, place, "@close");
        Assert.Null(failure.Reply);
        Assert.Matches($"^the connection was closed (before the {Awaited(phase)}|while .* was sent)$", failure.Reason);
    }

    [Theory, MemberData(nameof(Places))]
    public async Task A_reset_connection_decides_nothing_that_was_not_decided(bool pipelining, int place)
    {
        var (failure, _) = await EndAsync(pipelining, place, "@reset");
        Assert.Matches("^the connection (broke|was closed) ", failure.Reason);
    }

    [Theory, MemberData(nameof(Places))]
    public async Task A_reply_that_is_none_ends_the_session(bool pipelining, int place)
    {
        var (failure, _) = await EndAsync(pipelining, place, "S: HTTP/1.1 400 Bad Request");
        Assert.Equal("not an SMTP reply: HTTP/1.1 400 Bad Request", failure.Reason);
    }

    [Theory, MemberData(nameof(Places))]
    public async Task A_reply_without_crlf_ends_the_session(bool pipelining, int place)
    {
        var (failure, _) = await EndAsync(pipelining, place, @"S~: 250 ok\n250 ok\r\n");
        Assert.Equal("a line of the reply ends in a bare LF", failure.Reason);
    }

    [Theory, MemberData(nameof(Places))]
    public async Task An_endless_line_ends_the_session(bool pipelining, int place)
    {
        var (failure, _) = await EndAsync(pipelining, place, "S~: 250 " + new string('x', 9000));
        Assert.Equal("a line of the reply is too long", failure.Reason);
    }

    [Theory, MemberData(nameof(Places))]
    public async Task An_endless_reply_ends_the_session(bool pipelining, int place)
    {
        var (failure, _) = await EndAsync(pipelining, place, string.Join('\n', Enumerable.Repeat("S: 250-and", 101)));
        Assert.Equal("the reply is too long", failure.Reason);
    }

    [Theory, MemberData(nameof(Places))]
    public async Task A_server_that_stalls_is_waited_for_as_long_as_the_phase_allows(bool pipelining, int place)
    {
        var phase = Steps(pipelining)[place].Phase;
        var (failure, _) = await EndAsync(pipelining, place, "@silent");
        Assert.Equal($"no {Awaited(phase)} within {MinutesIn(phase)} minutes", failure.Reason);
    }

    [Fact]
    public async Task A_reply_that_dribbles_in_has_no_more_time_than_one_that_stalls()
    {
        var dribbled = new TaskCompletionSource();
        await using var talk = new ClientConversation(
            PipeliningOpening + "@armed\nS: 250-wait\nS~: 25\n@silent", ReplyCut.Lines);
        talk.Server.Armed = () => dribbled.Task;
        await talk.OpenedAsync();
        var sending = talk.SendAsync(Message("x"));
        await talk.Clock.ArmedAsync(Options.ReplyTimeout, talk.Stop, since: 3);
        talk.Clock.Advance(TimeSpan.FromMinutes(4));
        dribbled.SetResult();
        await talk.Server.Playing;
        talk.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("no reply to MAIL within 5 minutes", (await sending).Failure!.Reason);
    }

    [Fact]
    public async Task A_server_that_answers_each_command_at_the_last_moment_is_left_in_time()
    {
        string[] many = [.. Enumerable.Range(1, 20).Select(n => $"u{n}")];
        await using var talk = new ClientConversation(
            "S: 220 mx\nC: EHLO client.example\nS: 250 mx\nC: MAIL FROM:<alice@example.org>\n@armed\nS: 250 ok\n"
            + string.Concat(many.Take(7).Select(name => $"C: RCPT TO:<{name}@example.net>\n@armed\nS: 250 ok\n")));
        talk.Server.Armed = async () =>
        {
            await talk.Clock.ArmedAsync(Options.ReplyTimeout, talk.Stop);
            talk.Clock.Advance(TimeSpan.FromMinutes(4));
        };
        await talk.OpenedAsync();
        var result = await talk.SendAsync(Message("x", many));
        Assert.Equal((ClientPhase.Rcpt, "the envelope was not through within 30 minutes"), (result.Failure!.Phase, result.Failure.Reason));
        Assert.All(result.Recipients, said => Assert.Null(said.Reply));
        await talk.Server.PlayedAsync();
    }

    [Theory, MemberData(nameof(Places))]
    public async Task A_421_answers_what_it_answers_and_ends_the_session(bool pipelining, int place)
    {
        var steps = Steps(pipelining);
        await using var talk = new ClientConversation(Script(steps, place, "S: 421 4.3.2 closing\n@close"));
        var opened = await talk.OpenAsync();
        var phase = steps[place].Phase;
        if (phase is ClientPhase.Greeting or ClientPhase.Hello)
        {
            Assert.Equal((phase, 421), (opened!.Phase, opened.Reply!.Code));
            return;
        }

        var result = await talk.SendAsync(Message("x\r\n", "refused", "bob", "carol"));
        Assert.Equal((phase, "the server closed the session"), (result.Failure!.Phase, result.Failure.Reason));
        Assert.Equal(421, result.Failure.Reply!.Code);
        var closing = $"421 4.3.2 closing {phase}";
        Assert.Equal(place switch
        {
            2 => [closing, closing, closing],
            3 => [closing, " Rcpt", " Rcpt"],
            4 => ["550 no Rcpt", closing, " Rcpt"],
            5 => ["550 no Rcpt", " Rcpt", closing],
            _ => ["550 no Rcpt", closing, closing],
        }, Told(result));
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Theory]
    [InlineData(false, 2, "354 what")]
    [InlineData(false, 4, "354 what")]
    [InlineData(false, 6, "250 what")]
    [InlineData(true, 6, "250 what")]
    [InlineData(false, 7, "354 what")]
    public async Task A_reply_that_makes_no_sense_ends_the_session(bool pipelining, int place, string reply)
    {
        var (failure, _) = await EndAsync(pipelining, place, $"S: {reply}");
        Assert.Equal(reply, failure.Reply!.ToString());
        Assert.Contains("makes no sense", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Between_two_messages_no_time_runs_out()
    {
        await using var talk = new ClientConversation("@armed\n" + Opening + "C: MAIL FROM:<alice@example.org> SIZE=1\nS: 550 no");
        talk.Server.Armed = () => talk.Clock.ArmedAsync(Options.GreetingTimeout, talk.Stop);
        await talk.OpenedAsync();
        talk.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Null((await talk.SendAsync(Message("x"))).Failure);
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task A_server_that_closed_between_two_messages_is_noticed_before_the_next()
    {
        await using var talk = new ClientConversation(PipeliningOpening + "S: 421 4.4.2 idle too long\n@close");
        await talk.OpenedAsync();
        await talk.Server.Playing;
        var result = await talk.SendAsync(Message("x"));
        Assert.Equal([" Mail"], Told(result));
        Assert.Equal("the server closed the session", result.Failure!.Reason);
        Assert.Equal("421 4.4.2 idle too long", result.Failure.Reply!.ToString());
        Assert.Same(result.Failure, (await talk.SendAsync(Message("x"))).Failure);
    }

    [Fact]
    public async Task A_reply_to_nothing_is_never_taken_for_the_reply_to_what_comes_next()
    {
        await using var talk = new ClientConversation(PipeliningOpening + "S: 250 2.0.0 taken");
        await talk.OpenedAsync();
        await talk.Server.Playing;
        var result = await talk.SendAsync(Message("x"));
        Assert.Equal([" Mail"], Told(result));
        Assert.Equal("the server spoke out of turn", result.Failure!.Reason);
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task Quit_waits_a_few_seconds_and_never_fails()
    {
        await using var silent = new ClientConversation(Opening + "C: QUIT\n@silent");
        await silent.OpenedAsync();
        var quitting = silent.Session.QuitAsync(silent.Stop).AsTask();
        await silent.TimedOutAsync(Waited(quitting), TimeSpan.FromSeconds(5));

        await using var closed = new ClientConversation(Opening + "C: QUIT\n@close");
        await closed.OpenedAsync();
        await closed.Session.QuitAsync(closed.Stop);
        await closed.Session.QuitAsync(closed.Stop);

        await using var cancelled = new ClientConversation(Opening);
        await cancelled.OpenedAsync();
        await cancelled.Session.QuitAsync(new CancellationToken(canceled: true));
        await cancelled.Server.PlayedAsync();

        await using var unopened = new ClientConversation("@silent");
        await unopened.Session.QuitAsync(unopened.Stop);
        await unopened.Server.PlayedAsync();

        static async Task<bool> Waited(Task task)
        {
            await task;
            return true;
        }
    }

    [Theory, MemberData(nameof(Places))]
    public async Task Cancellation_throws_wherever_it_comes_and_ends_the_session(bool pipelining, int place)
    {
        await using var talk = new ClientConversation(Script(Steps(pipelining), place, "@silent"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(talk.Stop);
        var work = WorkAsync();
        await talk.Server.Playing;
        await stop.CancelAsync();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
        Assert.Equal(stop.Token, thrown.CancellationToken);
        var lines = talk.Lines.Count;
        await talk.Session.QuitAsync(talk.Stop);
        Assert.Equal(lines, talk.Lines.Count);

        async Task WorkAsync()
        {
            if (await talk.Session.OpenAsync(stop.Token) is not null) return;
            await talk.Session.SendAsync(Message("x\r\n", "refused", "bob", "carol"), stop.Token);
        }
    }

    /// <summary>
    /// Plays up to the answer at <paramref name="place"/>, then <paramref name="end"/> in its stead, and checks what every
    /// such end has in common.
    /// </summary>
    static async Task<(ClientFailure Failure, ClientPhase Phase)> EndAsync(bool pipelining, int place, string end)
    {
        var steps = Steps(pipelining);
        var phase = steps[place].Phase;
        // Line by line: a reset would take back what was sent and not yet read.
        await using var talk = new ClientConversation(Script(steps, place, end), ReplyCut.Lines);
        var heard = string.Concat(steps.Take(place).Select(s => s.Answer)).Split("S: ").Length - 1;
        var stalls = end.Contains("@silent", StringComparison.Ordinal);
        var after = TimeSpan.FromMinutes(MinutesIn(phase));

        var opening = talk.OpenAsync();
        if (phase is ClientPhase.Greeting or ClientPhase.Hello)
        {
            if (stalls) await talk.Server.Playing;
            var failure = stalls ? await talk.TimedOutAsync(opening, after, heard) : await opening;
            Assert.Equal(phase, failure!.Phase);
            await Assert.ThrowsAsync<InvalidOperationException>(() => talk.SendAsync(Message("x")));
            await QuitIsNotSaidAsync(talk);
            return (failure, phase);
        }

        Assert.Null(await opening);
        var sending = talk.SendAsync(Message("x\r\n", "refused", "bob", "carol"));
        if (stalls) await talk.Server.Playing;
        var result = stalls ? await talk.TimedOutAsync(sending, after, heard) : await sending;
        Assert.Equal(phase, result.Failure!.Phase);
        Assert.Equal([place > 3 ? "550 no Rcpt" : $" {phase}", $" {phase}", $" {phase}"], Told(result));
        await QuitIsNotSaidAsync(talk);
        Assert.Same(result.Failure, (await talk.SendAsync(Message("x"))).Failure);
        return (result.Failure, phase);
    }

    static async Task QuitIsNotSaidAsync(ClientConversation talk)
    {
        var said = talk.Lines.Count;
        await talk.Session.QuitAsync(talk.Stop);
        Assert.Equal(said, talk.Lines.Count);
    }

    static (ClientPhase Phase, string Before, string Answer)[] Steps(bool pipelining) => pipelining ? Pipelined : StepByStep;

    static string Script((ClientPhase Phase, string Before, string Answer)[] steps, int place, string end) =>
        string.Join('\n', steps.Take(place).Select(s => s.Before + "\n" + s.Answer)) + "\n" + steps[place].Before + "\n" + end;

    static int MinutesIn(ClientPhase phase) => phase switch { ClientPhase.Data => 2, ClientPhase.FinalDot => 10, _ => 5 };

    static string Awaited(ClientPhase phase) => phase switch
    {
        ClientPhase.Greeting => "greeting",
        ClientPhase.Hello => "reply to EHLO",
        ClientPhase.FinalDot => "reply to the end of the content",
        _ => "reply to " + phase.ToString().ToUpperInvariant(),
    };
}
