using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Client;
using static WebSmtp.Smtp.Tests.Client.ClientConversation;

namespace WebSmtp.Smtp.Tests.Client;

public class TransactionTests
{
    [Theory, EachCut]
    public async Task Without_pipelining_each_command_waits_for_its_reply(ReplyCut cut)
    {
        await using var talk = new ClientConversation(Opening + """
            C: MAIL FROM:<alice@example.org> SIZE=7
            S: 250 2.1.0 ok
            C: RCPT TO:<bob@example.net>
            S: 250 2.1.5 ok
            C: RCPT TO:<carol@example.net>
            S: 550 5.1.1 no such mailbox
            C: RCPT TO:<dave@example.net>
            S: 452-4.2.2 mailbox
            S: 452 4.2.2 full
            C: DATA
            S: 354 go on
            C.
            S: 250 2.0.0 taken as 42
            C: QUIT
            S: 221 bye
            """, cut);
        await talk.OpenedAsync();
        var result = await talk.SendAsync(Message("hello\r\n", "bob", "carol", "dave"));
        Assert.Null(result.Failure);
        Assert.Equal(
            ["250 2.0.0 taken as 42 FinalDot", "550 5.1.1 no such mailbox Rcpt", "452 4.2.2 mailbox full Rcpt"], Told(result));
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
        Assert.Equal("hello\r\n"u8, talk.Server.Contents[0]);
        Assert.Equal(["C: DATA", "S: 354 go on", "C: (7 bytes of content)", "S: 250 2.0.0 taken as 42"], talk.Lines[^6..^2]);
    }

    [Theory, EachCut]
    public async Task With_pipelining_the_envelope_goes_at_once(ReplyCut cut)
    {
        await using var talk = new ClientConversation(PipeliningOpening + """
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: RCPT TO:<carol@example.net>
            C: DATA
            S: 250 2.1.0 ok
            S: 550 5.1.1 no such mailbox
            S: 251 2.1.5 will forward
            S: 354 go on
            C.
            S: 451 4.3.0 try later
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: DATA
            S: 250 2.1.0 ok
            S: 250 2.1.5 ok
            S: 354 go on
            C.
            S: 250 2.0.0 taken
            """, cut);
        await talk.OpenedAsync();
        var first = await talk.SendAsync(Message("one\r\n", "bob", "carol"));
        Assert.Null(first.Failure);
        Assert.Equal(["550 5.1.1 no such mailbox Rcpt", "451 4.3.0 try later FinalDot"], Told(first));
        var second = await talk.SendAsync(Message("two\r\n"));
        Assert.Equal(["250 2.0.0 taken FinalDot"], Told(second));
        await talk.Server.PlayedAsync();
        Assert.Equal("two\r\n"u8, talk.Server.Contents[1]);
    }

    [Theory, EachCut]
    public async Task A_refused_sender_is_refused_for_all_and_the_next_message_needs_no_reset(ReplyCut cut)
    {
        await using var talk = new ClientConversation(PipeliningOpening + """
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: RCPT TO:<carol@example.net>
            C: DATA
            S: 550 5.7.1 not from you
            S: 503 5.5.1 MAIL first
            S: 503 5.5.1 MAIL first
            S: 503 5.5.1 MAIL first
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: DATA
            S: 451 4.3.0 not now
            S: 503 5.5.1 MAIL first
            S: 503 5.5.1 MAIL first
            """, cut);
        await talk.OpenedAsync();
        var first = await talk.SendAsync(Message("x", "bob", "carol"));
        Assert.Equal(["550 5.7.1 not from you Mail", "550 5.7.1 not from you Mail"], Told(first));
        var second = await talk.SendAsync(Message("x"));
        Assert.Equal(["451 4.3.0 not now Mail"], Told(second));
        Assert.Null(second.Failure);
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task A_refused_sender_without_pipelining_ends_the_transaction_at_once()
    {
        await using var talk = new ClientConversation(Opening + """
            C: MAIL FROM:<alice@example.org> SIZE=1
            S: 552 5.3.4 too big
            C: QUIT
            S: 221 bye
            """);
        await talk.OpenedAsync();
        var result = await talk.SendAsync(Message("x", "bob", "carol"));
        Assert.Equal(["552 5.3.4 too big Mail", "552 5.3.4 too big Mail"], Told(result));
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Theory, EachCut]
    public async Task Content_wanted_for_nobody_is_a_lone_dot(ReplyCut cut)
    {
        await using var talk = new ClientConversation(PipeliningOpening + """
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: RCPT TO:<carol@example.net>
            C: DATA
            S: 250 2.1.0 ok
            S: 550 5.1.1 no such mailbox
            S: 450 4.2.0 locked
            S: 354 go on
            C: .
            S: 554 5.5.0 no valid recipients
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: DATA
            S: 250 2.1.0 ok
            S: 250 2.1.5 ok
            S: 354 go on
            C.
            S: 250 2.0.0 taken
            """, cut);
        await talk.OpenedAsync();
        var result = await talk.SendAsync(Message("x", "bob", "carol"));
        Assert.Null(result.Failure);
        Assert.Equal(["550 5.1.1 no such mailbox Rcpt", "450 4.2.0 locked Rcpt"], Told(result));
        Assert.Equal(["250 2.0.0 taken FinalDot"], Told(await talk.SendAsync(Message("x"))));
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task A_lone_dot_is_never_sent_where_it_would_be_a_message()
    {
        await using var talk = new ClientConversation(PipeliningOpening + """
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: DATA
            S: 550 5.7.1 not from you
            S: 250 2.1.5 ok nevertheless
            S: 354 go on
            """);
        await talk.OpenedAsync();
        var result = await talk.SendAsync(Message("x"));
        Assert.Equal(["550 5.7.1 not from you Mail"], Told(result));
        Assert.Equal(ClientPhase.Data, result.Failure!.Phase);
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Theory, EachCut]
    public async Task An_envelope_that_was_left_is_reset_before_the_next(ReplyCut cut)
    {
        await using var talk = new ClientConversation(PipeliningOpening + """
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: DATA
            S: 250 2.1.0 ok
            S: 550 5.1.1 no such mailbox
            S: 503 5.5.1 no valid recipients
            C: RSET
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<carol@example.net>
            C: RCPT TO:<dave@example.net>
            C: DATA
            S: 250 2.0.0 reset
            S: 250 2.1.0 ok
            S: 250 2.1.5 ok
            S: 550 5.1.1 no such mailbox
            S: 451 4.3.0 not now
            C: RSET
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: DATA
            S: 421 4.3.2 closing
            """, cut);
        await talk.OpenedAsync();
        Assert.Equal(["550 5.1.1 no such mailbox Rcpt"], Told(await talk.SendAsync(Message("x"))));
        var second = await talk.SendAsync(Message("x", "carol", "dave"));
        Assert.Null(second.Failure);
        Assert.Equal(["451 4.3.0 not now Data", "550 5.1.1 no such mailbox Rcpt"], Told(second));
        var third = await talk.SendAsync(Message("x"));
        Assert.Equal([" Reset"], Told(third));
        Assert.Equal((ClientPhase.Reset, 421), (third.Failure!.Phase, third.Failure.Reply!.Code));
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task Without_pipelining_the_reset_waits_for_its_reply_too()
    {
        await using var talk = new ClientConversation(Opening + """
            C: MAIL FROM:<alice@example.org> SIZE=1
            S: 250 ok
            C: RCPT TO:<bob@example.net>
            S: 550 no
            C: RSET
            S: 250 ok
            C: MAIL FROM:<alice@example.org> SIZE=1
            S: 250 ok
            C: RCPT TO:<carol@example.net>
            S: 250 ok
            C: DATA
            S: 554 no
            C: RSET
            S: 502 what
            """);
        await talk.OpenedAsync();
        Assert.Equal(["550 no Rcpt"], Told(await talk.SendAsync(Message("x"))));
        Assert.Equal(["554 no Data"], Told(await talk.SendAsync(Message("x", "carol"))));
        var refused = await talk.SendAsync(Message("x"));
        Assert.Equal([" Reset"], Told(refused));
        Assert.Equal("the server refused RSET", refused.Failure!.Reason);
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Theory]
    [InlineData(98, false)]
    [InlineData(99, false)]
    [InlineData(250, false)]
    [InlineData(250, true)]
    public async Task Many_recipients_go_in_groups_that_no_buffer_is_too_small_for(int recipients, bool refused)
    {
        var all = Enumerable.Range(0, recipients).ToArray();
        List<string> commands = ["C: MAIL FROM:<alice@example.org>", .. all.Select(i => $"C: RCPT TO:<r{i}@example.net>"), "C: DATA"];
        List<string> replies = ["S: 250 2.1.0 ok", .. all.Select(i => $"S: {(i % 2 == 0 ? "250 ok" : $"452 {i}")}"), "S: 354 go on"];
        if (refused) replies = ["S: 550 5.7.1 no", .. Enumerable.Repeat("S: 503 5.5.1 MAIL first", recipients + 1)];

        // After a refused MAIL the first group is heard out and no other follows.
        var script = commands.Chunk(100).Zip(replies.Chunk(100)).Take(refused ? 1 : int.MaxValue)
            .SelectMany(group => group.First.Concat(group.Second))
            .Concat(refused ? [] : ["C.", "S: 250 2.0.0 taken"]);

        await using var talk = new ClientConversation(PipeliningOpening + string.Join('\n', script));
        await talk.OpenedAsync();
        var result = await talk.SendAsync(Message("x\r\n", [.. all.Select(i => $"r{i}")]));
        Assert.Null(result.Failure);
        Assert.Equal(
            all.Select(i => refused ? "550 5.7.1 no Mail" : i % 2 == 0 ? "250 2.0.0 taken FinalDot" : $"452 {i} Rcpt"),
            Told(result));
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task Only_what_the_server_offered_is_asked_of_it()
    {
        var message = new OutgoingMessage(
            new("al", "example.org"), new(5, BodyType.EightBitMime, true, DsnReturn.Headers, "a+b c=ü"),
            [
                new(new("postmaster", ""), new(DsnNotify.Success | DsnNotify.Failure | DsnNotify.Delay, "rfc822;al+2Bx@example.org")),
                new(new("\"a b\"", "[192.0.2.1]"), new(DsnNotify.Never)),
            ],
            new Bytes("hi\r\n"u8.ToArray()));

        await using var rich = new ClientConversation("""
            S: 220 mx
            C: EHLO client.example
            S: 250-mx
            S: 250-SIZE
            S: 250-8BITMIME
            S: 250-SMTPUTF8
            S: 250 DSN
            C: MAIL FROM:<al@example.org> SIZE=4 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb+20c+3D+C3+BC
            S: 250 ok
            C: RCPT TO:<postmaster> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;al+2Bx@example.org
            S: 550 no
            C: RCPT TO:<"a b"@[192.0.2.1]> NOTIFY=NEVER
            S: 550 no
            """);
        await rich.OpenedAsync();
        await rich.SendAsync(message);
        await rich.Server.PlayedAsync();

        await using var poor = new ClientConversation("""
            S: 220 mx
            C: EHLO client.example
            S: 250 mx
            C: MAIL FROM:<>
            S: 250 ok
            C: RCPT TO:<postmaster>
            S: 550 no
            C: RCPT TO:<"a b"@[192.0.2.1]>
            S: 550 no
            """);
        await poor.OpenedAsync();
        await poor.SendAsync(message with { From = MailAddress.Null });
        await poor.Server.PlayedAsync();
    }

    [Theory]
    [InlineData("a\r\nRSET", "example.org", null)]
    [InlineData("a", "example.org\n", null)]
    [InlineData("a\0", "example.org", null)]
    [InlineData("a", "example.org", "rfc822;a\rb")]
    public async Task A_line_end_in_an_envelope_never_reaches_the_wire(string local, string domain, string? originalRecipient)
    {
        await using var talk = new ClientConversation("""
            S: 220 mx
            C: EHLO client.example
            S: 250-mx
            S: 250-PIPELINING
            S: 250 DSN
            C: QUIT
            S: 221 bye
            """);
        await talk.OpenedAsync();
        var bad = new OutgoingMessage(
            new("al", "example.org"), MailParameters.None,
            [
                new(new("bob", "example.net"), RcptParameters.None),
                new(new(local, domain), new(OriginalRecipient: originalRecipient)),
            ],
            new Bytes([]));
        await Assert.ThrowsAsync<ArgumentException>(() => talk.SendAsync(bad));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => talk.SendAsync(bad with { Recipients = [] }));
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
        Assert.Throws<ArgumentException>(() => _ = new ClientSession(talk.Server, new() { HostName = "a\r\nb" }, talk.Clock));
    }

    /// <summary>Reply and phase of each recipient; the reply is empty where there is none.</summary>
    internal static string[] Told(TransactionResult result) => [.. result.Recipients.Select(r => $"{r.Reply} {r.Phase}")];
}
