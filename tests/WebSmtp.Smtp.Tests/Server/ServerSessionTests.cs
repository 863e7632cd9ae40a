using System.IO.Pipelines;
using System.Net;
using System.Text;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using WebSmtp.Smtp.Framing;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Smtp.Tests.Server;

/// <summary>What a transcript cannot say: threads, properties, what is shown to the world.</summary>
public sealed class ServerSessionTests
{
    static readonly IPEndPoint Somewhere = new(IPAddress.Loopback, 25);
    static readonly ServerSessionOptions Options = new() { HostName = "mx.example", RequireTlsForPlainAuth = false, MaxErrors = 1000 };

    [Fact(Timeout = 60_000)]
    public async Task Whatever_a_client_sends_the_session_survives_it_and_leaves_nothing_open()
    {
        string[] words =
        [
            "EHLO a\r\n", "HELO a\r\n", "MAIL FROM:<a@b>\r\n", "MAIL FROM:<a@b> BODY=BINARYMIME\r\n", "RCPT TO:<c@d>\r\n", "DATA\r\n",
            "BDAT 5\r\n", "BDAT 5 LAST\r\n", "BDAT 0 LAST\r\n", "text\r\n", ".\r\n", "..\r\n", ".", "\r\n", "\n", "\r", "RSET\r\n", "NOOP\r\n",
            "AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\r\n", "AUTH LOGIN\r\n", "*\r\n", "ETRN a\r\n", "TURN\r\n", "ATRN a,b\r\n", "220 x\r\n",
            "VRFY a\r\n", "HELP\r\n", "QUIT\r\n", "x", "\0",
        ];
        var stop = TestContext.Current.CancellationToken;
        await Gen.Select(
            Gen.Int[0, words.Length - 1].Select(i => words[i]).Array[0, 6].Array[1, 12],
            Gen.Enum<Cut>()).SampleAsync(async (groups, cut) =>
        {
            var (connection, sink) = (new MemoryConnection(cut), new ScriptedSink());
            var session = new ServerSession("1", connection.Server, Somewhere, Somewhere, Options, sink, new FakeTimeProvider());
            var running = session.RunAsync(stop);
            await connection.Client.Output.WriteAsync("EHLO client.example\r\n"u8.ToArray(), stop);
            foreach (var group in groups)
                await connection.Client.Output.WriteAsync(Encoding.ASCII.GetBytes(string.Concat(group)), stop);
            await connection.Client.Output.CompleteAsync();
            var end = await running.WaitAsync(stop);
            Assert.Null(session.Fault);
            Assert.NotEqual(SessionEnd.Bug, end);
            Assert.Equal(0, sink.OpenContents);
        }, iter: 3_000, threads: 1);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_request_to_close_reaches_a_session_whatever_it_does_and_takes_no_message()
    {
        var stop = TestContext.Current.CancellationToken;
        for (var i = 0; i < 200; i++)
        {
            // Real scheduling: the request comes in between wherever it may.
            var (toServer, toClient) = (new Pipe(), new Pipe());
            var sink = new ScriptedSink();
            var session = new ServerSession(
                "1", new End(toServer.Reader, toClient.Writer), Somewhere, Somewhere, Options, sink, TimeProvider.System);
            var running = Task.Run(() => session.RunAsync(stop), stop);
            var client = Task.Run(async () =>
            {
                await ReadUntilAsync(toClient.Reader, "220 ", stop);
                await toServer.Writer.WriteAsync("HELO a\r\n"u8.ToArray(), stop);
                await ReadUntilAsync(toClient.Reader, "250 ", stop);
                await toServer.Writer.WriteAsync("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"u8.ToArray(), stop);
                if (!await ReadUntilAsync(toClient.Reader, "354 ", stop)) return false;
                await toServer.Writer.WriteAsync("text\r\n"u8.ToArray(), stop);
                await toServer.Writer.WriteAsync(".\r\n"u8.ToArray(), stop);
                return await ReadUntilAsync(toClient.Reader, "250 ", stop);
            }, stop);
            var closing = Task.Run(() =>
            {
                Thread.SpinWait(i * 50);
                session.RequestClose(new(421, 4, 3, 2, "Shutting down"));
                session.RequestClose(new(421, 4, 3, 2, "Shutting down twice"));
            }, stop);
            Assert.Equal(SessionEnd.Shutdown, await running.WaitAsync(stop));
            await toClient.Writer.CompleteAsync();
            await closing;
            Assert.Equal(await client, sink.Messages.Count == 1);
            Assert.Equal(sink.Messages.Count, session.MessagesAccepted);
        }

        static async Task<bool> ReadUntilAsync(PipeReader reader, string code, CancellationToken stop)
        {
            while (true)
            {
                var read = await reader.ReadAsync(stop);
                var text = Encoding.ASCII.GetString(read.Buffer);
                var lines = text.Split("\r\n").SkipLast(1).ToList();
                if (lines.Find(line => line.StartsWith(code, StringComparison.Ordinal) || line.StartsWith("421", StringComparison.Ordinal)) is { } last)
                {
                    reader.AdvanceTo(read.Buffer.End);
                    return last.StartsWith(code, StringComparison.Ordinal);
                }
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted) return false;
            }
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task Secrets_are_not_shown_and_content_is_only_counted()
    {
        var lines = await ConverseAsync(
            TestContext.Current.CancellationToken, "EHLO client.example\r\n", "AUTH PLAIN AGFsaWNlAHdyb25n\r\n", "auth  plain AGFsaWNlAHdyb25n\r\n", "AUTH LOGIN\r\n", "YWxpY2U=\r\n",
            "d29uZGVybGFuZA==\r\n", "MAIL FROM:<ü\x01@b>\r\nRCPT TO:<c@d>\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", "secret text\r\n.\r\n", "QUIT\r\n");
        Assert.Equal(
            ["EHLO client.example", "AUTH PLAIN *", "auth plain *", "AUTH LOGIN", "*", "*", "MAIL FROM:<ü?@b>", "RCPT TO:<c@d>", "MAIL FROM:<a@b>",
                "RCPT TO:<c@d>", "DATA", "(13 octets of content)", "QUIT"],
            lines.Where(line => line.StartsWith("C: ", StringComparison.Ordinal)).Select(line => line[3..]));
        Assert.Contains("S: 235 2.7.0 Authentication succeeded", lines);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_may_be_a_secret_is_not_shown_however_it_is_written()
    {
        var lines = await ConverseAsync(
            TestContext.Current.CancellationToken, "EHLO client.example\r\n", " AUTH PLAIN AGFsaWNlAHdyb25n\r\n", "AUTHPLAIN AGFsaWNlAHdyb25n\r\n",
            "AUTH AGFsaWNlAHdyb25nYW5kbG9uZw==\r\n", "AUTH NTLM\r\n", "YWxpY2U=\r\n", "d29uZGVybGFuZA==\r\n", "QUIT\r\n");
        Assert.Equal(
            ["EHLO client.example", "AUTH PLAIN *", "AUTH*", "AUTH *", "AUTH NTLM", "*", "*", "QUIT"],
            lines.Where(line => line.StartsWith("C: ", StringComparison.Ordinal)).Select(line => line[3..]));
    }

    [Theory(Timeout = 30_000)]
    [InlineData(100_000, false)]
    [InlineData(1_000_000, true)]
    public async Task A_session_that_never_has_to_wait_lets_others_have_its_thread(int size, bool leaves)
    {
        var stop = TestContext.Current.CancellationToken;
        // Who writes goes on with the session, and nobody is ever waited for.
        var inline = new PipeOptions(readerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);
        var (toServer, toClient) = (new Pipe(inline), new Pipe(inline));
        var text = $"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT {size} LAST\r\n{new string('x', size - 2)}\r\nNOOP\r\nQUIT\r\n";
        var threads = new Threads();
        var session = new ServerSession(
            "1", new End(toServer.Reader, toClient.Writer), Somewhere, Somewhere, Options, new ScriptedSink(), new FakeTimeProvider(), threads);
        var begun = new TaskCompletionSource<Task<SessionEnd>>();
        new Thread(() =>
        {
            var running = session.RunAsync(stop);
            foreach (var group in new[] { "EHLO a\r\n", text }) _ = toServer.Writer.WriteAsync(Encoding.ASCII.GetBytes(group), stop).AsTask();
            begun.SetResult(running);
        }).Start();
        Assert.Equal(SessionEnd.Quit, await (await begun.Task).WaitAsync(stop));
        Assert.Equal([("EHLO a", false), ("NOOP", leaves)], threads.Pooled.Where(line => line.Line is "EHLO a" or "NOOP"));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("RCPT TO:<c@d>\r\n", 10_002)]
    [InlineData("BDAT 0\r\n", 1_000)]
    public async Task A_list_without_end_is_answered_meanwhile_and_cut_off(string line, int most)
    {
        var stop = TestContext.Current.CancellationToken;
        var inline = new PipeOptions(readerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);
        var (toServer, toClient) = (new Pipe(inline), new Pipe(inline));
        var flushes = new CountingWriter(toClient.Writer);
        var session = new ServerSession(
            "1", new End(toServer.Reader, flushes), Somewhere, Somewhere, Options with { MaxRecipients = 1 }, new ScriptedSink(), new FakeTimeProvider());
        var running = session.RunAsync(stop);
        await toServer.Writer.WriteAsync("EHLO a\r\n"u8.ToArray(), stop);
        var before = flushes.Count;
        await toServer.Writer.WriteAsync(Encoding.ASCII.GetBytes($"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n{string.Concat(Enumerable.Repeat(line, most + 1))}"), stop);
        Assert.Equal(SessionEnd.Limit, await running.WaitAsync(stop));
        await toClient.Writer.CompleteAsync();
        var replies = Encoding.ASCII.GetString((await toClient.Reader.ReadAtLeastAsync(int.MaxValue, stop)).Buffer);
        Assert.InRange(flushes.Count - before, Math.Max(1, replies.Length / (80 * 1024)), replies.Length / (60 * 1024) + 2);
        Assert.InRange(replies.Split("\r\n").Length, most, most + 20);
        Assert.EndsWith("421 4.7.0 Too many commands without a message\r\n", replies, StringComparison.Ordinal);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("")]
    [InlineData("EHLO a\r\n")]
    [InlineData("EHLO a\r\nMAIL FROM:<a@b>\r\n")]
    public async Task A_connection_that_is_reset_is_a_peer_that_is_gone(string sent)
    {
        var stop = TestContext.Current.CancellationToken;
        var connection = new MemoryConnection(Cut.Whole);
        var session = new ServerSession("1", connection.Server, Somewhere, Somewhere, Options, new ScriptedSink(), new FakeTimeProvider());
        if (sent.Length > 0) await connection.Client.Output.WriteAsync(Encoding.ASCII.GetBytes(sent), stop);
        await connection.Client.Output.CompleteAsync(new IOException("Connection reset by peer"));
        Assert.Equal(SessionEnd.PeerGone, await session.RunAsync(stop));
        Assert.Null(session.Fault);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_the_world_can_see_of_a_session()
    {
        var stop = TestContext.Current.CancellationToken;
        var (connection, sink) = (new MemoryConnection(Cut.Whole), new ScriptedSink());
        var session = new ServerSession("7", connection.Server, Somewhere, Somewhere, Options, sink, new FakeTimeProvider());
        var running = session.RunAsync(stop);
        Assert.Equal(("CONNECT", null, false), (session.Stage, session.HeloName, session.Extended));

        await connection.Client.Output.WriteAsync("EHLO Client.example\r\n"u8.ToArray(), stop);
        Assert.Equal(("EHLO", "client.example", true), (session.Stage, session.HeloName, session.Extended));

        await connection.Client.Output.WriteAsync("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\r\n"u8.ToArray(), stop);
        Assert.Equal("alice", session.Account);

        await connection.Client.Output.WriteAsync("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"u8.ToArray(), stop);
        await connection.Client.Output.WriteAsync("1234\r\n"u8.ToArray(), stop);
        Assert.Equal(("DATA", 6L, 0), (session.Stage, session.ContentBytes, session.MessagesAccepted));

        await connection.Client.Output.WriteAsync(".\r\n"u8.ToArray(), stop);
        Assert.Equal((6L, 1), (session.ContentBytes, session.MessagesAccepted));
        await connection.Client.Output.CompleteAsync();
        Assert.Equal(SessionEnd.PeerGone, await running);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_peer_that_does_not_read_is_let_go()
    {
        var stop = TestContext.Current.CancellationToken;
        var toServer = new Pipe(new(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var toClient = new Pipe(new(pauseWriterThreshold: 1, resumeWriterThreshold: 1, readerScheduler: PipeScheduler.Inline,
            writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var time = new FakeTimeProvider();
        var session = new ServerSession(
            "1", new End(toServer.Reader, toClient.Writer), Somewhere, Somewhere, Options, new ScriptedSink(), time);
        var running = session.RunAsync(stop);
        time.Advance(Options.InactivityTimeout);
        // The last words are not read either.
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(SessionEnd.Timeout, await running.WaitAsync(stop));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_peer_that_sends_in_vain_for_ever_is_cut_off()
    {
        var stop = TestContext.Current.CancellationToken;
        var (connection, sink) = (new MemoryConnection(Cut.Whole), new ScriptedSink());
        var session = new ServerSession(
            "1", connection.Server, Somewhere, Somewhere, Options with { MaxMessageSize = 1000 }, sink, new FakeTimeProvider());
        var running = session.RunAsync(stop);
        await connection.Client.Output.WriteAsync("HELO a\r\n"u8.ToArray(), stop);
        await connection.Client.Output.WriteAsync("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"u8.ToArray(), stop);
        var endless = new byte[1024 * 1024];
        Array.Fill(endless, (byte)'x');
        for (var i = 0; i < 300 && !running.IsCompleted; i++) await connection.Client.Output.WriteAsync(endless, stop);
        Assert.Equal(SessionEnd.Limit, await running.WaitAsync(stop));
        Assert.Equal(0, sink.OpenContents);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_thousand_commands_that_lead_to_nothing_are_enough()
    {
        var stop = TestContext.Current.CancellationToken;
        string[] harmless = ["EHLO a", "NOOP", "RSET", "VRFY a", "HELP", "HELO a", "MAIL FROM:<a@b>"];
        var (session, protocol) = await PlayAsync(stop, [.. Enumerable.Range(0, 2000).Select(i => harmless[i % harmless.Length] + "\r\n")]);
        Assert.Equal(SessionEnd.Limit, await session);
        Assert.Equal(1001, protocol.Lines.Count(line => line.StartsWith("C: ", StringComparison.Ordinal)));
        Assert.Equal("S: 421 4.7.0 Too many commands without a message", protocol.Lines[^1]);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", "text\r\n.\r\n")]
    [InlineData("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 4 LAST\r\ntext")]
    [InlineData("ETRN a\r\n")]
    [InlineData("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\r\n")]
    public async Task Commands_that_lead_to_something_begin_the_count_anew(params string[] fruitful)
    {
        var idle = string.Concat(Enumerable.Repeat("NOOP\r\n", 990));
        var stop = TestContext.Current.CancellationToken;
        var (session, _) = await PlayAsync(stop, ["EHLO a\r\n", idle, .. fruitful, idle, "QUIT\r\n"]);
        Assert.Equal(SessionEnd.Quit, await session);
    }

    [Fact(Timeout = 30_000)]
    public async Task One_message_may_need_many_recipients_and_chunks()
    {
        var stop = TestContext.Current.CancellationToken;
        var (session, _) = await PlayAsync(
            stop,
            ["EHLO a\r\n", "MAIL FROM:<a@b>\r\n", string.Concat(Enumerable.Repeat("RCPT TO:<c@d>\r\n", 1500)),
                .. Enumerable.Repeat("BDAT 1\r\nx", 1500), "BDAT 0 LAST\r\n", "QUIT\r\n"]);
        Assert.Equal(SessionEnd.Quit, await session);
    }

    [Fact(Timeout = 30_000)]
    public async Task Under_TLS_too_the_greeting_is_waited_for()
    {
        var stop = TestContext.Current.CancellationToken;
        var door = new TaskCompletionSource();
        var (connection, sink) = (new MemoryConnection(Cut.Whole), new ScriptedSink { Door = door.Task });
        var options = Options with { Tls = EndpointTls.Implicit, TlsOptions = TestCertificate.Server };
        var session = new ServerSession("1", connection.Server, Somewhere, Somewhere, options, sink, new FakeTimeProvider());
        var running = session.RunAsync(stop);
        await using var client = await TlsDuplexPipe.AsClientAsync(connection.Client, TestCertificate.Client, stop);
        await client.Output.WriteAsync("EHLO spammer.example\r\n"u8.ToArray(), stop);
        door.SetResult();
        Assert.Equal(SessionEnd.ProtocolAbuse, await running.WaitAsync(stop));
        var read = await client.Input.ReadAsync(stop);
        Assert.Equal("554 5.5.0 Wait for the greeting\r\n", Encoding.ASCII.GetString(read.Buffer));
    }

    [Fact(Timeout = 30_000)]
    public async Task Cancelling_ends_a_session_at_once_and_without_a_word()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var (connection, sink) = (new MemoryConnection(Cut.Whole), new ScriptedSink());
        var running = new ServerSession("1", connection.Server, Somewhere, Somewhere, Options, sink, new FakeTimeProvider()).RunAsync(stop.Token);
        await connection.Client.Output.WriteAsync("HELO a\r\n"u8.ToArray(), stop.Token);
        await connection.Client.Output.WriteAsync("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"u8.ToArray(), stop.Token);
        await stop.CancelAsync();
        Assert.Equal(SessionEnd.PeerGone, await running);
        Assert.Equal(0, sink.OpenContents);
    }

    [Fact(Timeout = 30_000)]
    public async Task Trouble_in_the_sink_is_there_for_the_log()
    {
        var stop = TestContext.Current.CancellationToken;
        var (connection, sink) = (new MemoryConnection(Cut.Whole), new ScriptedSink());
        sink.Answer("CONNECT", null);
        var session = new ServerSession("1", connection.Server, Somewhere, Somewhere, Options, sink, new FakeTimeProvider());
        Assert.Equal(SessionEnd.Bug, await session.RunAsync(stop));
        Assert.IsType<InvalidOperationException>(session.Fault);
    }

    [Fact(Timeout = 30_000)]
    public async Task Replies_to_a_group_travel_together()
    {
        var stop = TestContext.Current.CancellationToken;
        var connection = new MemoryConnection(Cut.Whole);
        var flushes = new CountingWriter(connection.Server.Output);
        var session = new ServerSession(
            "1", new End(connection.Server.Input, flushes), Somewhere, Somewhere, Options, new ScriptedSink(), new FakeTimeProvider());
        var running = session.RunAsync(stop);
        await connection.Client.Output.WriteAsync("HELO a\r\n"u8.ToArray(), stop);
        var before = flushes.Count;
        await connection.Client.Output.WriteAsync("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nNOOP\r\nRSET\r\n"u8.ToArray(), stop);
        Assert.Equal(1, flushes.Count - before);
        await connection.Client.Output.CompleteAsync();
        await running;
    }

    static async Task<List<string>> ConverseAsync(CancellationToken stop, params string[] groups)
    {
        var (session, protocol) = await PlayAsync(stop, groups);
        Assert.Equal(SessionEnd.Quit, await session);
        return protocol.Lines;
    }

    static async Task<(Task<SessionEnd> Session, Protocol Protocol)> PlayAsync(CancellationToken stop, params string[] groups)
    {
        var connection = new MemoryConnection(Cut.Whole);
        var protocol = new Protocol();
        var session = new ServerSession(
            "1", connection.Server, Somewhere, Somewhere, Options, new ScriptedSink(), new FakeTimeProvider(), protocol);
        var running = session.RunAsync(stop);
        foreach (var group in groups) await connection.Client.Output.WriteAsync(Encoding.UTF8.GetBytes(group), stop);
        return (running.WaitAsync(stop), protocol);
    }

    sealed class Protocol : ISessionObserver
    {
        public List<string> Lines { get; } = [];
        public void ClientSaid(string line) => Lines.Add("C: " + line);
        public void ServerSaid(string line) => Lines.Add("S: " + line);
    }

    /// <summary>Which lines the session took on a thread of the pool, and not on the one that it was begun on.</summary>
    sealed class Threads : ISessionObserver
    {
        public List<(string Line, bool Pooled)> Pooled { get; } = [];
        public void ClientSaid(string line) => Pooled.Add((line, Thread.CurrentThread.IsThreadPoolThread));
        public void ServerSaid(string line) { }
    }

    sealed class CountingWriter(PipeWriter inner) : PipeWriter
    {
        public int Count { get; private set; }
        public override void Advance(int bytes) => inner.Advance(bytes);
        public override void CancelPendingFlush() => inner.CancelPendingFlush();
        public override void Complete(Exception? exception = null) => inner.Complete(exception);
        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);
        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Count++;
            return inner.FlushAsync(cancellationToken);
        }
    }

    sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
