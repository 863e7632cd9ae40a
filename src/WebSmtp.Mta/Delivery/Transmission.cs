using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// One message over one open session, whoever opened it: what the host cannot take is converted, or fails without
/// asking it. Used by deliveries and collections alike.
/// </summary>
sealed class Transmission(SiteRegistry sites, Spool spool, ILogger log)
{
    static readonly Reply Unreadable = new(451, 4, 3, 0, "The content cannot be read");
    static readonly Reply Unconvertible = new(554, 5, 6, 3, "The host takes no 8-bit or binary content, and this one cannot be converted");
    static readonly Reply NoUtf8 = new(550, 5, 6, 7, "The host takes no internationalized mail");

    /// <summary>Version and cipher suite of a session; null in clear.</summary>
    public static string? TlsOf(ClientSession client) => client.Tls?.ToString();

    /// <param name="host">What the host is called in records.</param>
    public async ValueTask<Attempt> SendAsync(ClientSession client, LeasedMessage leased, RemoteHost host, CancellationToken stop)
    {
        var message = leased.Message;
        if (await spool.FindAsync(leased, stop) is not { } stored) return Attempt.Ours(leased, Unreadable);
        try
        {
            var (from, content, note) = await Masquerade.ApplyAsync(sites.Find(message.SiteId)?.Site, leased, stored, stop);
            var recipients = leased.Recipients;
            if (!client.Capabilities.SmtpUtf8)
            {
                if (!Ascii(from.ToString()) || message.SmtpUtf8 && await ContentConversion.HasInternationalHeaderAsync(content, stop))
                    return Attempt.Ours(leased, NoUtf8);
                recipients = [.. recipients.Where(recipient => Ascii(recipient.Address))];
                if (recipients.Count == 0) return Attempt.Ours(leased, NoUtf8);
            }
            if (TooLarge(client, content.Length) is { } before) return Attempt.Ours(leased, before);
            using var fitted = await ContentConversion.FitAsync(content, message.Body, client.Capabilities, stop);
            if (fitted is null) return Attempt.Ours(leased, Unconvertible);
            if (TooLarge(client, fitted.Content.Length) is { } after) return Attempt.Ours(leased, after);

            var result = await client.SendAsync(Outgoing(message, from, recipients, fitted), stop);
            var outcomes = recipients.Zip(result.Recipients, (recipient, said) => new RecipientOutcome(recipient, said.Reply, said.Phase))
                .Concat(leased.Recipients.Except(recipients).Select(recipient => new RecipientOutcome(recipient, NoUtf8)));
            return new([.. outcomes], host, TlsOf(client), result.Failure?.Reason, NeverBegun(result)) { Note = note, Dsn = client.Capabilities.Dsn };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Our own content: the session cut it off where it could not be read, so the connection is of no more use.
            Log.ContentUnreadable(log, e, new MessageId(message.Id).ToString());
            return Attempt.Ours(leased, Unreadable) with { Broken = "a message could not be read" };
        }
    }

    static bool NeverBegun(TransactionResult result) =>
        result.Failure is { Phase: ClientPhase.Reset or ClientPhase.Mail }
        && result.Recipients.All(said => said is { Phase: ClientPhase.Reset or ClientPhase.Mail, Reply: null or { Code: 421 } });

    static OutgoingMessage Outgoing(Message message, MailAddress from, IReadOnlyList<Recipient> recipients, FittedContent content) => new(
        from,
        new(content.Content.Length, content.Body, message.SmtpUtf8, message.Return, message.EnvelopeId),
        [.. recipients.Select(recipient => new OutgoingRecipient(Address(recipient.Address), new(recipient.Notify, recipient.OriginalRecipient)))],
        content.Content);

    static Reply? TooLarge(ClientSession client, long bytes) => client.Capabilities.MaxSize < bytes
        ? new(552, 5, 3, 4, $"The host takes messages of at most {client.Capabilities.MaxSize} bytes")
        : null;

    /// <summary>A domain holds no <c>@</c>, a quoted local part may.</summary>
    public static MailAddress Address(string text)
    {
        var at = text.LastIndexOf('@');
        return at < 0 ? new(text, "") : new(text[..at], text[(at + 1)..]);
    }

    static bool Ascii(string text) => System.Text.Ascii.IsValid(text);
}
