using System.Buffers;
using System.Net;
using System.Text;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>A message as a host got it; text is one octet a character.</summary>
sealed record TakenMessage(string From, string[] To, string Content, MailParameters Parameters)
{
    /// <summary>Below the trace field that was put on top.</summary>
    public string Original => Content[(Content.IndexOf("+0000\r\n", StringComparison.Ordinal) + 7)..];
}

/// <summary>The host of a domain: our own server session, which takes what it is told to take.</summary>
sealed class SinkHost(TimeProvider time)
{
    readonly Lock _lock = new();
    readonly List<TakenMessage> _taken = [];

    public ServerSessionOptions Options { get; set; } = new() { HostName = "sink.example" };
    public Func<string, Reply?> OnRecipient { get; set; } = static _ => null;
    public Func<MailAddress, Reply?> OnSender { get; set; } = static _ => null;
    public Func<TakenMessage, Reply> OnMessage { get; set; } = static _ => new(250, 2, 0, 0, "Taken");

    /// <summary>Awaited before the final reply.</summary>
    public Func<Task>? BeforeFinalReply { get; set; }
    public int Sessions { get; private set; }

    public IReadOnlyList<TakenMessage> Taken
    {
        get { lock (_lock) return [.. _taken]; }
    }

    /// <summary>Converses until the client leaves.</summary>
    public async Task<SessionEnd> ServeAsync(System.IO.Pipelines.IDuplexPipe pipe)
    {
        lock (_lock) Sessions++;
        var end = await new ServerSession("sink", pipe, new IPEndPoint(IPAddress.Loopback, 1), new IPEndPoint(IPAddress.Loopback, 25), Options, new Sink(this), time)
            .RunAsync(TestContext.Current.CancellationToken);
        await Acceptance.PipePair.CloseAsync(pipe);
        return end;
    }

    async Task<Reply> TakeAsync(TakenMessage message)
    {
        if (BeforeFinalReply is { } wait) await wait();
        var reply = OnMessage(message);
        if (!reply.IsPositive) return reply;
        lock (_lock) _taken.Add(message);
        return reply;
    }

    sealed class Sink(SinkHost host) : IMailSink
    {
        public ValueTask<Reply?> ConnectAsync(ServerSession session, CancellationToken stop) => default;
        public ValueTask<Reply?> OfferSenderAsync(ServerSession session, MailAddress from, MailParameters parameters, CancellationToken stop) => new(host.OnSender(from));
        public ValueTask<Reply?> OfferRecipientAsync(ServerSession session, MailAddress to, RcptParameters parameters, CancellationToken stop) => new(host.OnRecipient(to.ToString()));
        public ValueTask<ContentOffer> OfferContentAsync(ServerSession session, MailTransaction transaction, CancellationToken stop) => new(new ContentOffer(null, new Content(host, transaction)));
        public void TransactionDropped(ServerSession session) { }
        public ValueTask<AuthResult> VerifyPasswordAsync(ServerSession session, string authorizationId, string user, string password, CancellationToken stop) => throw new NotSupportedException();
        public ValueTask<AuthResult> VerifyCramMd5Async(ServerSession session, string user, byte[] challenge, string digest, CancellationToken stop) => throw new NotSupportedException();
        public ValueTask<Reply> EtrnAsync(ServerSession session, EtrnTarget target, CancellationToken stop) => throw new NotSupportedException();
        public ValueTask<TurnAnswer> TurnAsync(ServerSession session, IReadOnlyList<string>? domains, CancellationToken stop) => throw new NotSupportedException();
    }

    sealed class Content(SinkHost host, MailTransaction transaction) : IncomingContent
    {
        readonly ArrayBufferWriter<byte> _content = new();
        public override void Advance(int count) => _content.Advance(count);
        public override Memory<byte> GetMemory(int sizeHint = 0) => _content.GetMemory(sizeHint);
        public override Span<byte> GetSpan(int sizeHint = 0) => _content.GetSpan(sizeHint);
        public override ValueTask<Reply?> FlushAsync(CancellationToken stop) => default;
        public override ValueTask DisposeAsync() => default;
        public override async ValueTask<Reply> CommitAsync() => await host.TakeAsync(new(transaction.From.ToString(),
            [.. transaction.Recipients.Select(recipient => recipient.Address.ToString())], Encoding.Latin1.GetString(_content.WrittenSpan), transaction.Parameters));
    }
}
