using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Smtp.Tests.Server;

/// <summary>Says yes to everything unless told otherwise, and remembers what it was asked. Its one account is alice, wonderland.</summary>
sealed class ScriptedSink : IMailSink
{
    readonly Dictionary<string, Queue<Reply?>> _answers = [];

    /// <summary>What was asked, in order, as <c>@sees</c> reads it.</summary>
    public Queue<string> Seen { get; } = [];
    public List<byte[]> Messages { get; } = [];
    public int OpenContents { get; private set; }

    /// <summary>Connections are judged when this is completed.</summary>
    public Task Door { get; init; } = Task.CompletedTask;

    /// <summary>The next call of this kind is answered so; with null it throws.</summary>
    public void Answer(string kind, Reply? reply)
    {
        if (!_answers.TryGetValue(kind, out var queue)) _answers[kind] = queue = [];
        queue.Enqueue(reply);
    }

    Reply? Next(string kind) => _answers.TryGetValue(kind, out var queue) && queue.TryDequeue(out var reply)
        ? reply ?? throw new InvalidOperationException($"Scripted trouble in {kind}")
        : null;

    public async ValueTask<Reply?> ConnectAsync(ServerSession session, CancellationToken stop)
    {
        await Door.WaitAsync(stop);
        return Next("CONNECT");
    }

    public ValueTask<Reply?> OfferSenderAsync(ServerSession session, MailAddress from, MailParameters parameters, CancellationToken stop)
    {
        Seen.Enqueue($"MAIL <{from}> {Describe(parameters)}".TrimEnd());
        return new(Next("MAIL"));
    }

    public ValueTask<Reply?> OfferRecipientAsync(ServerSession session, MailAddress to, RcptParameters parameters, CancellationToken stop)
    {
        Seen.Enqueue($"RCPT <{to}> {Describe(parameters)}".TrimEnd());
        return new(Next("RCPT"));
    }

    public ValueTask<ContentOffer> OfferContentAsync(ServerSession session, MailTransaction transaction, CancellationToken stop)
    {
        Seen.Enqueue($"CONTENT from <{transaction.From}> to {string.Join(",", transaction.Recipients.Select(r => $"<{r.Address}>"))}");
        if (Next("CONTENT") is { } refusal) return new(new ContentOffer(refusal, null));
        OpenContents++;
        return new(new ContentOffer(null, new Content(this)));
    }

    public void TransactionDropped(ServerSession session) => Seen.Enqueue("DROPPED");

    public ValueTask<AuthResult> VerifyPasswordAsync(
        ServerSession session, string authorizationId, string user, string password, CancellationToken stop)
    {
        Seen.Enqueue($"AUTH {user}{(authorizationId.Length > 0 ? " as " + authorizationId : "")}");
        return new(Judge(user, password is "wonderland"));
    }

    public ValueTask<AuthResult> VerifyCramMd5Async(ServerSession session, string user, byte[] challenge, string digest, CancellationToken stop)
    {
        Seen.Enqueue($"CRAM-MD5 {user}");
        return new(Judge(user, digest == CramDigest("wonderland", challenge)));
    }

    AuthResult Judge(string user, bool right) =>
        Next("AUTH") is { } refusal ? new(refusal, null)
        : right && user is "alice" ? new(null, "alice")
        : new(new(535, 5, 7, 8, "Authentication failed"), null);

    public ValueTask<Reply> EtrnAsync(ServerSession session, EtrnTarget target, CancellationToken stop)
    {
        Seen.Enqueue($"ETRN {target.Kind} {target.Name}");
        return new(Next("ETRN") ?? new(250, 2, 0, 0, $"Queuing for node {target.Name} started"));
    }

    public ValueTask<TurnAnswer> TurnAsync(ServerSession session, IReadOnlyList<string>? domains, CancellationToken stop)
    {
        Seen.Enqueue($"TURN {(domains is null ? "all" : string.Join(",", domains))} for {session.Account}");
        var reply = Next("TURN") ?? new(250, 2, 0, 0, "Turning");
        return new(new TurnAnswer(reply, reply.IsPositive ? new Collection(this) : null));
    }

    /// <summary>RFC 2195.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "The mechanism is what it is")]
    public static string CramDigest(string password, byte[] challenge) =>
        Convert.ToHexStringLower(HMACMD5.HashData(Encoding.UTF8.GetBytes(password), challenge));

    static string Describe(MailParameters parameters) => string.Join(' ', new[]
    {
        parameters.Size is { } size ? string.Create(CultureInfo.InvariantCulture, $"Size={size}") : "",
        parameters.Body is BodyType.SevenBit ? "" : $"Body={parameters.Body}",
        parameters.SmtpUtf8 ? "SmtpUtf8" : "",
        parameters.Return is DsnReturn.Unspecified ? "" : $"Return={parameters.Return}",
        parameters.EnvelopeId is { } id ? $"EnvelopeId={id}" : "",
        parameters.AuthIdentity is { } identity ? $"AuthIdentity={identity}" : "",
    }.Where(part => part.Length > 0));

    static string Describe(RcptParameters parameters) => string.Join(' ', new[]
    {
        parameters.Notify is DsnNotify.Unspecified ? "" : $"Notify={parameters.Notify}",
        parameters.OriginalRecipient is { } original ? $"OriginalRecipient={original}" : "",
    }.Where(part => part.Length > 0));

    sealed class Content(ScriptedSink sink) : IncomingContent
    {
        readonly ArrayBufferWriter<byte> _octets = new();

        public override void Advance(int count) => _octets.Advance(count);
        public override Memory<byte> GetMemory(int sizeHint = 0) => _octets.GetMemory(sizeHint);
        public override Span<byte> GetSpan(int sizeHint = 0) => _octets.GetSpan(sizeHint);
        public override ValueTask<Reply?> FlushAsync(CancellationToken stop) => new(sink.Next("FLUSH"));

        public override ValueTask<Reply> CommitAsync()
        {
            sink.Seen.Enqueue(string.Create(CultureInfo.InvariantCulture, $"COMMIT {_octets.WrittenCount}"));
            var reply = sink.Next("COMMIT") ?? new(250, 2, 0, 0, "Taken");
            if (reply.IsPositive) sink.Messages.Add(_octets.WrittenSpan.ToArray());
            return new(reply);
        }

        public override ValueTask DisposeAsync()
        {
            sink.OpenContents--;
            return default;
        }
    }

    /// <summary>A client that has no mail: greeting, EHLO, QUIT.</summary>
    sealed class Collection(ScriptedSink sink) : ITurnedCollection
    {
        public async Task RunAsync(ServerSession session, IDuplexPipe transport, CancellationToken stop)
        {
            sink.Seen.Enqueue("TURNED");
            if (!await ReadReplyAsync(transport, stop)) return;
            foreach (var command in new[] { "EHLO mx.example\r\n", "QUIT\r\n" })
            {
                await transport.Output.WriteAsync(Encoding.ASCII.GetBytes(command), stop);
                if (!await ReadReplyAsync(transport, stop)) return;
            }
        }

        static async Task<bool> ReadReplyAsync(IDuplexPipe transport, CancellationToken stop)
        {
            while (true)
            {
                var read = await transport.Input.ReadAsync(stop);
                var text = Encoding.ASCII.GetString(read.Buffer);
                if (text.Split("\r\n").SkipLast(1).Any(line => line is [_, _, _, ' ', ..]))
                {
                    transport.Input.AdvanceTo(read.Buffer.End);
                    return true;
                }
                transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted) return false;
            }
        }

        public ValueTask DisposeAsync()
        {
            sink.Seen.Enqueue("COLLECTION ENDED");
            return default;
        }
    }
}
