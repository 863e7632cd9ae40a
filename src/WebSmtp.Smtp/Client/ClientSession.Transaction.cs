namespace WebSmtp.Smtp.Client;

public sealed partial class ClientSession
{
    /// <summary>
    /// Commands sent before their replies are read. Few enough that what waits unread on either side fits into the
    /// buffers of any connection, so that nobody waits for the other to read. RFC 2920 section 3.1.
    /// </summary>
    const int MaxOutstanding = 100;

    /// <summary>The server holds an envelope that did not become a message: RSET comes before the next one.</summary>
    bool _envelopeLeft;

    /// <summary>
    /// One transaction: MAIL, RCPT for each recipient, content; pipelined where the server offers it. The message must
    /// be one that the server can take: see <see cref="ServerCapabilities"/>; size and extensions are not checked again
    /// here, parameters that the server does not know are left out. What the content's own stream throws passes
    /// through: out of opening it before anything was said; out of reading it with the connection lost, for the message
    /// was cut off and never ended.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// No recipients, CR, LF or NUL in the envelope, or BINARYMIME for a server that cannot take it. Nothing was said.
    /// </exception>
    /// <exception cref="EndOfStreamException">
    /// The content was shorter or longer than its <see cref="IOutgoingContent.Length"/>.
    /// </exception>
    public async ValueTask<TransactionResult> SendAsync(OutgoingMessage message, CancellationToken stop)
    {
        if (!_open) throw new InvalidOperationException("The session is not open.");
        var transaction = new Transaction(message.Recipients.Count);
        if (_failure is not null) return transaction.Result(_failure);

        var steps = StepsOf(message);
        using var stopping = StopWith(stop);
        await using var content = await message.Content.OpenAsync(stop);

        if (await PlayAsync(steps, transaction)) await FinishAsync(message, content, transaction);
        if (_writeTrouble is { } trouble) Break(ClientPhase.FinalDot, trouble);
        return transaction.Result(_failure);
    }

    readonly record struct Step(ClientPhase Phase, string Line, int Recipient = -1);

    List<Step> StepsOf(OutgoingMessage message)
    {
        // BDAT only for what DATA cannot carry. For other bodies it would save the round trip to 354 at most, and a box on the
        // way that offers CHUNKING without knowing BDAT would take the content for commands.
        var chunked = message.Parameters.Body is BodyType.BinaryMime;
        if (chunked && !Capabilities.BinaryMime)
        {
            throw new ArgumentException("The server does not take BINARYMIME.", nameof(message));
        }

        var steps = new List<Step>(message.Recipients.Count + 3);
        if (_envelopeLeft) steps.Add(new(ClientPhase.Reset, "RSET"));
        steps.Add(new(ClientPhase.Mail, EnvelopeCommands.Mail(message, Capabilities)));
        for (var i = 0; i < message.Recipients.Count; i++)
        {
            steps.Add(new(ClientPhase.Rcpt, EnvelopeCommands.Rcpt(message.Recipients[i], Capabilities), i));
        }
        if (!chunked) steps.Add(new(ClientPhase.Data, "DATA"));
        return steps;
    }

    /// <summary>Says the commands, one by one or in groups, and hears the replies. False: it broke.</summary>
    async ValueTask<bool> PlayAsync(List<Step> steps, Transaction transaction)
    {
        var began = _time.GetTimestamp();
        var most = Capabilities.Pipelining ? MaxOutstanding : 1;
        for (var first = 0; first < steps.Count; first += most)
        {
            var group = steps.GetRange(first, Math.Min(most, steps.Count - first));
            if (transaction.MailRefused) return true;
            if (group[0].Phase is ClientPhase.Data && transaction.Accepted == 0) return true;
            if (!await IsQuietAsync(group[0].Phase)) return false;

            foreach (var step in group) Say(step.Line);
            await FlushAsync(group[0].Phase);
            foreach (var step in group)
            {
                if (await HearAsync(step.Phase) is not { } reply) return false;
                Take(step, reply, transaction);
                if (reply.Code == 421) Break(step.Phase, "the server closed the session", reply);
                if (step.Phase is not ClientPhase.Data && _time.GetElapsedTime(began) > _options.EnvelopeTimeout)
                    Break(step.Phase, $"the envelope was not through within {InWords(_options.EnvelopeTimeout)}");
                if (_gone) return false;
            }
        }
        return true;
    }

    void Take(Step step, Reply reply, Transaction transaction)
    {
        var refused = reply.IsTransient || reply.IsPermanent;
        if (!refused && reply.IsPositive == step.Phase is ClientPhase.Data)
        {
            Break(step.Phase, $"the reply {reply.Code} to {NameOf(step.Phase)} makes no sense", reply);
            return;
        }
        switch (step.Phase)
        {
            case ClientPhase.Reset when refused:
                // The next MAIL would belong to nobody knows which envelope.
                Break(step.Phase, "the server refused RSET", reply);
                break;
            case ClientPhase.Reset:
                _envelopeLeft = false;
                break;
            case ClientPhase.Mail when refused:
                transaction.RefuseMail(reply);
                break;
            case ClientPhase.Mail:
                _envelopeLeft = true;
                break;
            case ClientPhase.Rcpt when refused:
                transaction.RefuseRecipient(step.Recipient, reply);
                break;
            case ClientPhase.Rcpt:
                transaction.Accepted++;
                _envelopeLeft = true;
                break;
            case ClientPhase.Data when refused:
                transaction.Settle(reply, ClientPhase.Data);
                break;
            case ClientPhase.Data:
                transaction.ContentWanted = true;
                break;
        }
    }

    /// <summary>The envelope was heard out: the content, or what must be said in its place.</summary>
    async ValueTask FinishAsync(OutgoingMessage message, Stream content, Transaction transaction)
    {
        switch (transaction)
        {
            case { ContentWanted: true, Accepted: 0 }:
                await SendLoneDotAsync();
                break;
            case { ContentWanted: true, MailRefused: true }:
                // A lone dot would be an empty message to whom it took.
                Break(ClientPhase.Data, "the server wants content for a message whose sender it refused");
                break;
            case { ContentWanted: true }:
            case { MailRefused: false, Accepted: > 0 } when message.Parameters.Body is BodyType.BinaryMime:
                await SendContentAsync(message, content, transaction);
                break;
        }
    }

    /// <summary>Who may have the message, as far as it was decided.</summary>
    sealed class Transaction
    {
        readonly RecipientResult?[] _results;

        public Transaction(int recipients)
        {
            ArgumentOutOfRangeException.ThrowIfZero(recipients);
            _results = new RecipientResult?[recipients];
        }

        public bool MailRefused { get; private set; }

        /// <summary>RCPTs answered with 2yz.</summary>
        public int Accepted { get; set; }

        /// <summary>DATA was answered with 354.</summary>
        public bool ContentWanted { get; set; }

        public void RefuseMail(Reply reply)
        {
            MailRefused = true;
            Settle(reply, ClientPhase.Mail);
        }

        public void RefuseRecipient(int index, Reply reply) => _results[index] ??= new(reply, ClientPhase.Rcpt);

        /// <summary>The reply decides about all that had none of their own.</summary>
        public void Settle(Reply reply, ClientPhase phase)
        {
            var result = new RecipientResult(reply, phase);
            for (var i = 0; i < _results.Length; i++) _results[i] ??= result;
        }

        /// <summary>Whoever is undecided now stays so: the conversation broke.</summary>
        public TransactionResult Result(ClientFailure? failure) =>
            new(Array.ConvertAll(_results, r => r ?? new(null, failure!.Phase)), failure);
    }
}
