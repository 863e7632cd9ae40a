using System.Globalization;
using System.Text;

namespace WebSmtp.Smtp.Client;

/// <summary>The command lines of an envelope, with those parameters only that the server offered.</summary>
internal static class EnvelopeCommands
{
    public static string Mail(OutgoingMessage message, ServerCapabilities server)
    {
        var parameters = message.Parameters;
        var line = new StringBuilder("MAIL FROM:<").Append(message.From).Append('>');
        if (server.Has("SIZE")) line.Append(CultureInfo.InvariantCulture, $" SIZE={message.Content.Length}");
        if (parameters.Body is BodyType.BinaryMime) line.Append(" BODY=BINARYMIME");
        if (parameters.Body is BodyType.EightBitMime && server.EightBitMime) line.Append(" BODY=8BITMIME");
        if (parameters.SmtpUtf8 && server.SmtpUtf8) line.Append(" SMTPUTF8");
        if (server.Dsn)
        {
            if (parameters.Return is DsnReturn.Full) line.Append(" RET=FULL");
            if (parameters.Return is DsnReturn.Headers) line.Append(" RET=HDRS");
            if (parameters.EnvelopeId is { Length: > 0 } id) line.Append(" ENVID=").Append(Xtext.Encode(id));
        }
        return Checked(line.ToString());
    }

    public static string Rcpt(OutgoingRecipient recipient, ServerCapabilities server)
    {
        var (notify, originalRecipient) = recipient.Parameters;
        var line = new StringBuilder("RCPT TO:<").Append(recipient.Address).Append('>');
        if (server.Dsn)
        {
            if (notify is not DsnNotify.Unspecified) line.Append(" NOTIFY=").Append(Notify(notify));
            if (originalRecipient is { Length: > 0 }) line.Append(" ORCPT=").Append(originalRecipient);
        }
        return Checked(line.ToString());
    }

    /// <summary>The line, if it is one: a CR, LF or NUL this far is a bug, which must not reach the wire.</summary>
    public static string Checked(string line) => line.AsSpan().ContainsAny('\r', '\n', '\0')
        ? throw new ArgumentException("A command holds CR, LF or NUL.", nameof(line))
        : line;

    static string Notify(DsnNotify notify)
    {
        if (notify.HasFlag(DsnNotify.Never)) return "NEVER";
        var words = new List<string>(3);
        if (notify.HasFlag(DsnNotify.Success)) words.Add("SUCCESS");
        if (notify.HasFlag(DsnNotify.Failure)) words.Add("FAILURE");
        if (notify.HasFlag(DsnNotify.Delay)) words.Add("DELAY");
        return string.Join(',', words);
    }
}
