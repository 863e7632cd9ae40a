using System.Text;
using WebSmtp.Smtp.Client;
using static WebSmtp.Smtp.Tests.Client.ClientConversation;
using static WebSmtp.Smtp.Tests.Client.TransactionTests;

namespace WebSmtp.Smtp.Tests.Client;

public class ContentTests
{
    const string Envelope = PipeliningOpening + """
        C: MAIL FROM:<alice@example.org>
        C: RCPT TO:<bob@example.net>
        C: DATA
        S: 250 2.1.0 ok
        S: 250 2.1.5 ok
        S: 354 go on

        """;

    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData("no end", "no end\r\n.\r\n")]
    [InlineData(".\r\n..\r\n.a\r\n", "..\r\n...\r\n..a\r\n.\r\n")]
    [InlineData("8-bit \xE4\0\r\n", "8-bit \xE4\0\r\n.\r\n")]
    public async Task Content_arrives_octet_for_octet(string content, string wire)
    {
        foreach (var piece in new[] { 1, 2, 3, 1000 })
        {
            await using var talk = new ClientConversation(Envelope + "C.\nS: 250 2.0.0 taken");
            await talk.OpenedAsync();
            var result = await talk.SendAsync(Message("") with { Content = new Bytes(Encoding.Latin1.GetBytes(content), piece) });
            Assert.Equal(["250 2.0.0 taken FinalDot"], Told(result));
            await talk.Server.PlayedAsync();
            Assert.Equal(wire, Encoding.Latin1.GetString(talk.Server.RawContents[0]));
        }
    }

    [Fact]
    public async Task Twenty_mebibytes_stream_through_bounded_memory()
    {
        const int Length = 20 * 1024 * 1024;
        var content = new Lines(Length);
        await using var talk = new ClientConversation(Envelope + "@drain\nS: 250 2.0.0 taken");
        await talk.OpenedAsync();
        var sending = talk.SendAsync(Message("") with { Content = content });

        // The server does not read yet: no more is taken from the content than the pipe and one block hold.
        await talk.Clock.ArmedAsync(Options.ContentTimeout, talk.Stop);
        Assert.InRange(content.Given, 1, 256 * 1024);
        talk.Server.Drain.SetResult();

        Assert.Equal(["250 2.0.0 taken FinalDot"], Told(await sending));
        Assert.Equal(Length, content.Given);
        Assert.Equal(content.Stuffed + 3, talk.Server.Drained);
        Assert.Contains($"C: ({Length} bytes of content)", talk.Lines);
    }

    [Fact]
    public async Task A_server_that_takes_no_content_is_waited_for_block_by_block()
    {
        await using var talk = new ClientConversation(Envelope + "@silent");
        await talk.OpenedAsync();
        var sending = talk.SendAsync(Message(new byte[1_000_000]));
        await talk.Server.Playing;
        var result = await talk.TimedOutAsync(sending, Options.ContentTimeout);
        Assert.Equal([" Content"], Told(result));
        Assert.Equal(new ClientFailure(ClientPhase.Content, "the content was not taken within 3 minutes"), result.Failure);
    }

    [Fact]
    public async Task A_connection_that_closes_inside_the_content_decides_nothing()
    {
        foreach (var end in new[] { "@close", "@reset" })
        {
            await using var talk = new ClientConversation(Envelope + end, ReplyCut.Lines);
            await talk.OpenedAsync();
            var result = await talk.SendAsync(Message(new byte[1_000_000]));
            Assert.Equal([" Content"], Told(result));
            Assert.Equal(ClientPhase.Content, result.Failure!.Phase);
        }
    }

    [Theory]
    [InlineData("552 5.3.4 too big", "552 5.3.4 too big Content")]
    [InlineData("421 4.3.2 closing", "421 4.3.2 closing Content")]
    [InlineData("250 2.0.0 taken", " Content")]
    public async Task A_server_that_answers_before_the_end_is_believed_only_when_it_refuses(string early, string told)
    {
        await using var talk = new ClientConversation(Envelope + $"S: {early}");
        await talk.OpenedAsync();
        var sending = talk.SendAsync(Message(new byte[1_000_000]) with { Content = new Gate(talk.Server.Playing) });
        var result = await sending;
        Assert.Equal([told], Told(result));
        Assert.Equal((ClientPhase.Content, early), (result.Failure!.Phase, result.Failure.Reply!.ToString()));
        Assert.Contains(talk.Lines, line => line.EndsWith("of 10 bytes of content)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reply_that_waits_when_sending_stalls_is_still_heard()
    {
        await using var talk = new ClientConversation(Envelope + "@armed\nS: 452 4.3.1 disk full\n@silent");
        talk.Server.Armed = () => talk.Clock.ArmedAsync(Options.ContentTimeout, talk.Stop);
        await talk.OpenedAsync();
        var sending = talk.SendAsync(Message(new byte[1_000_000]));
        await talk.Server.Playing;
        var result = await talk.TimedOutAsync(sending, Options.ContentTimeout);
        Assert.Equal(["452 4.3.1 disk full Content"], Told(result));
    }

    [Fact]
    public async Task A_server_that_closed_only_for_reading_is_given_a_few_seconds_for_a_last_word()
    {
        await using var talk = new ClientConversation(Envelope + "@deaf", ReplyCut.Lines);
        await talk.OpenedAsync();
        var sending = talk.SendAsync(Message(new byte[1_000_000]) with { Content = new Gate(talk.Server.Playing) });
        var result = await talk.TimedOutAsync(sending, TimeSpan.FromSeconds(5));
        Assert.Equal([" FinalDot"], Told(result));
        Assert.Equal("the connection was closed while the end of the content was sent", result.Failure!.Reason);

        await using var heard = new ClientConversation(Envelope + "@deaf\n@armed\nS: 451 4.3.0 no more", ReplyCut.Lines);
        var gone = new TaskCompletionSource();
        heard.Server.Armed = () =>
        {
            gone.SetResult();
            return heard.Clock.ArmedAsync(TimeSpan.FromSeconds(5), heard.Stop);
        };
        await heard.OpenedAsync();
        var refused = await heard.SendAsync(Message("x") with { Content = new Gate(gone.Task) });
        Assert.Equal(["451 4.3.0 no more FinalDot"], Told(refused));
        Assert.Equal("the connection was closed while the end of the content was sent", refused.Failure!.Reason);
    }

    [Theory]
    [InlineData(9, "The content ended after 8 of 9 bytes.")]
    [InlineData(7, "The content is longer than 7 bytes.")]
    public async Task Content_of_another_length_than_announced_is_never_ended(long announced, string reason)
    {
        await using var talk = new ClientConversation(Envelope + "@silent");
        await talk.OpenedAsync();
        var thrown = await Assert.ThrowsAsync<EndOfStreamException>(() =>
            talk.SendAsync(Message("") with { Content = new Bytes("12345678"u8.ToArray(), announced: announced) }));
        Assert.Equal(reason, thrown.Message);
        Assert.Equal(ClientPhase.Content, (await talk.SendAsync(Message("x"))).Failure!.Phase);
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task Content_that_cannot_be_opened_says_nothing_and_harms_nothing()
    {
        await using var talk = new ClientConversation(Envelope + "C.\nS: 250 2.0.0 taken");
        await talk.OpenedAsync();
        await Assert.ThrowsAsync<FileNotFoundException>(() => talk.SendAsync(Message("") with { Content = new Missing() }));
        Assert.Null((await talk.SendAsync(Message("x"))).Failure);
        await talk.Server.PlayedAsync();
    }

    const string ChunkingOpening = """
        S: 220 mx.example
        C: EHLO client.example
        S: 250-mx.example
        S: 250-PIPELINING
        S: 250-CHUNKING
        S: 250-BINARYMIME
        S: 250 8BITMIME

        """;

    static OutgoingMessage Binary(byte[] content, params string[] recipients) =>
        Message(content, recipients) with { Parameters = new(Body: BodyType.BinaryMime) };

    [Theory, EachCut]
    public async Task Binary_content_goes_in_one_chunk_and_is_not_stuffed(ReplyCut cut)
    {
        await using var talk = new ClientConversation(ChunkingOpening + """
            C: MAIL FROM:<alice@example.org> BODY=BINARYMIME
            C: RCPT TO:<bob@example.net>
            C: RCPT TO:<carol@example.net>
            S: 250 2.1.0 ok
            S: 250 2.1.5 ok
            S: 550 5.1.1 no
            C: BDAT 6 LAST
            C#: 6
            S: 250 2.0.0 taken
            C: MAIL FROM:<alice@example.org> BODY=BINARYMIME
            C: RCPT TO:<bob@example.net>
            S: 250 2.1.0 ok
            S: 250 2.1.5 ok
            C: BDAT 0 LAST
            S: 452 4.3.1 full
            C: RSET
            C: MAIL FROM:<alice@example.org> BODY=BINARYMIME
            C: RCPT TO:<bob@example.net>
            S: 250 2.0.0 reset
            S: 250 2.1.0 ok
            S: 550 5.1.1 no
            C: RSET
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: DATA
            S: 250 2.0.0 reset
            S: 250 2.1.0 ok
            S: 250 2.1.5 ok
            S: 354 go on
            C.
            S: 250 2.0.0 taken
            """, cut);
        await talk.OpenedAsync();
        var result = await talk.SendAsync(Binary([1, 10, 46, 13, 10, 46], "bob", "carol"));
        Assert.Equal(["250 2.0.0 taken FinalDot", "550 5.1.1 no Rcpt"], Told(result));
        Assert.Equal(["452 4.3.1 full FinalDot"], Told(await talk.SendAsync(Binary([]))));
        Assert.Equal(["550 5.1.1 no Rcpt"], Told(await talk.SendAsync(Binary([1]))));
        Assert.Equal(["250 2.0.0 taken FinalDot"], Told(await talk.SendAsync(Message("text, for which DATA is as good\r\n"))));
        await talk.Server.PlayedAsync();
        Assert.Equal([1, 10, 46, 13, 10, 46], talk.Server.Contents[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Binary_content_is_never_sent_where_it_cannot_be(bool turned)
    {
        var opening = turned ? ChunkingOpening : PipeliningOpening;
        await using var talk = new ClientConversation(opening, options: Options with { Turned = turned });
        await talk.OpenedAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => talk.SendAsync(Binary([1])));
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task A_turned_session_reaches_a_server_behind_a_peer_that_copies_line_by_line()
    {
        await using var server = new ScriptedServer(ChunkingOpening + """
            C: MAIL FROM:<alice@example.org> BODY=8BITMIME
            C: RCPT TO:<bob@example.net>
            C: DATA
            S: 250 2.1.0 ok
            S: 250 2.1.5 ok
            S: 354 go on
            C.
            S: 250 2.0.0 taken
            C: QUIT
            S: 221 2.0.0 bye
            @close
            """, TestContext.Current.CancellationToken);
        await using var peer = new LineCopier(server, TestContext.Current.CancellationToken);
        await using var session = new ClientSession(peer, Options with { Turned = true }, TimeProvider.System);
        Assert.Null(await session.OpenAsync(TestContext.Current.CancellationToken));
        Assert.False(session.Capabilities.Chunking);
        var message = Message("a line\r\n.\r\nno line end") with { Parameters = new(Body: BodyType.EightBitMime) };
        Assert.Equal(["250 2.0.0 taken FinalDot"], Told(await session.SendAsync(message, TestContext.Current.CancellationToken)));
        await session.QuitAsync(TestContext.Current.CancellationToken);
        await server.PlayedAsync();
        Assert.Equal("a line\r\n..\r\nno line end\r\n.\r\n", Encoding.Latin1.GetString(server.RawContents[0]));
    }

    /// <summary>Ten bytes that are there only when the server has said all it has to say.</summary>
    sealed class Gate(Task open) : IOutgoingContent
    {
        public long Length => 10;
        public ValueTask<Stream> OpenAsync(CancellationToken stop) => new(new Gated(open));

        sealed class Gated(Task open) : MemoryStream(new byte[10])
        {
            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                await open;
                return Read(buffer.Span);
            }
        }
    }

    sealed class Missing : IOutgoingContent
    {
        public long Length => 1;
        public ValueTask<Stream> OpenAsync(CancellationToken stop) => throw new FileNotFoundException();
    }

    /// <summary>Lines of 64 octets, each beginning with a dot, made as they are read.</summary>
    sealed class Lines(int length) : IOutgoingContent
    {
        static readonly byte[] Line = Encoding.ASCII.GetBytes("." + new string('x', 61) + "\r\n");
        long _given;

        public long Length => length;
        public long Given => Interlocked.Read(ref _given);
        public long Stuffed => length + length / Line.Length;
        public ValueTask<Stream> OpenAsync(CancellationToken stop) => new(new Source(this));

        sealed class Source(Lines lines) : MemoryStream
        {
            public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                var count = (int)Math.Min(buffer.Length, lines.Length - lines.Given);
                for (var i = 0; i < count; i++) buffer.Span[i] = Line[(lines.Given + i) % Line.Length];
                Interlocked.Add(ref lines._given, count);
                return new(count);
            }
        }
    }
}
