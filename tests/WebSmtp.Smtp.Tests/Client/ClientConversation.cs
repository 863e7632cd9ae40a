using System.Net.Security;
using System.Text;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>A client session and the scripted server that it talks to.</summary>
sealed class ClientConversation : IAsyncDisposable, ISessionObserver
{
    /// <summary>No test here waits for real time; this ends one that hangs.</summary>
    static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    readonly CancellationTokenSource _deadline =
        CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public const string Opening = """
        S: 220 mx.example ESMTP ready
        C: EHLO client.example
        S: 250-mx.example greets you
        S: 250-SIZE 1000000
        S: 250 8BITMIME

        """;

    public const string PipeliningOpening = """
        S: 220 mx.example ESMTP ready
        C: EHLO client.example
        S: 250-mx.example greets you
        S: 250-PIPELINING
        S: 250 ENHANCEDSTATUSCODES

        """;

    public ClientConversation(
        string script, ReplyCut cut = ReplyCut.Whole, ClientSessionOptions? options = null,
        SslServerAuthenticationOptions? tls = null)
    {
        _deadline.CancelAfter(Deadline);
        Clock = new(() => Lines.Count(line => line.StartsWith('S')));
        Server = new(script, Stop, cut, tls);
        Session = new(Server, options ?? Options, Clock, this);
    }

    public static ClientSessionOptions Options => new() { HostName = "client.example" };
    public CancellationToken Stop => _deadline.Token;
    public ScriptedServer Server { get; }
    public ClientSession Session { get; }
    public AlarmClock Clock { get; }
    public List<string> Lines { get; } = [];

    void ISessionObserver.ClientSaid(string line) => Lines.Add("C: " + line);
    void ISessionObserver.ServerSaid(string line) => Lines.Add("S: " + line);

    public Task<ClientFailure?> OpenAsync() => TellAsync(Session.OpenAsync(Stop).AsTask());
    public Task<TransactionResult> SendAsync(OutgoingMessage message) => TellAsync(Session.SendAsync(message, Stop).AsTask());

    public async Task OpenedAsync() => Assert.Null(await OpenAsync());

    /// <summary>
    /// The clock stands until the client, having heard so many lines, waits this long; it gives up then and not earlier.
    /// </summary>
    public async Task<T> TimedOutAsync<T>(Task<T> waiting, TimeSpan after, int heard = 0)
    {
        await Clock.ArmedAsync(after, Stop, heard);
        Clock.Advance(after - TimeSpan.FromMilliseconds(1));
        Assert.False(waiting.IsCompleted);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        return await waiting;
    }

    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync();
        await Server.DisposeAsync();
        _deadline.Dispose();
    }

    /// <summary>What the server saw differently explains more than what came of it.</summary>
    async Task<T> TellAsync<T>(Task<T> call)
    {
        var result = await call;
        if (Server.Playing.IsFaulted) await Server.Playing;
        return result;
    }

    public static OutgoingMessage Message(string content, params string[] recipients) =>
        Message(Encoding.Latin1.GetBytes(content), recipients);

    public static OutgoingMessage Message(byte[] content, params string[] recipients) => new(
        new("alice", "example.org"), MailParameters.None,
        [.. (recipients.Length == 0 ? ["bob"] : recipients).Select(r => new OutgoingRecipient(new(r, "example.net"), RcptParameters.None))],
        new Bytes(content));
}

/// <summary>Content from memory, given out in pieces of at most <paramref name="piece"/> bytes.</summary>
sealed class Bytes(byte[] content, int piece = int.MaxValue, long? announced = null) : IOutgoingContent
{
    public long Length => announced ?? content.Length;
    public ValueTask<Stream> OpenAsync(CancellationToken stop) => new(new Pieces(content, piece));

    sealed class Pieces(byte[] content, int piece) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, piece)], cancellationToken);
    }
}
