using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using WebSmtp.Mta.Queue;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>The trace field that is put in front of every message. RFC 5321 section 4.4.</summary>
static class ReceivedField
{
    const int MaxHeloName = 255;

    /// <summary>The field, folded, with its CRLF.</summary>
    /// <param name="client">Null where the transport has no IP address.</param>
    /// <param name="recipient">Only where there is exactly one: others must not learn of each other.</param>
    public static string Write(
        string heloName, IPAddress? client, string hostName, string protocol, MessageId id, MailAddress? recipient, DateTimeOffset at)
    {
        var field = new StringBuilder(300).Append("Received: from ").Append(heloName);
        if (client is not null) field.Append(" (").Append(Literal(client)).Append(')');
        field.Append("\r\n\tby ").Append(hostName).Append(" (WebSmtp) with ").Append(protocol).Append(" id ").Append(id);
        return End(field, recipient, at);
    }

    /// <summary>For a message that no client brought over SMTP: there is no <c>from</c>, and no protocol to name.</summary>
    public static string WriteSubmitted(string door, string hostName, MessageId id, MailAddress? recipient, DateTimeOffset at) => End(
        new StringBuilder(300).Append("Received: by ").Append(hostName).Append(" (WebSmtp, from ").Append(door).Append(")\r\n\tid ").Append(id),
        recipient, at);

    static string End(StringBuilder field, MailAddress? recipient, DateTimeOffset at)
    {
        if (recipient is not null) field.Append("\r\n\tfor <").Append(recipient).Append('>');
        return field.Append(";\r\n\t")
            .Append(at.UtcDateTime.ToString("ddd, d MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture))
            .Append("\r\n").ToString();
    }

    /// <summary>
    /// What the client called itself, fit for a header and a list: whatever could end a line, close a comment or fake
    /// another part of the field becomes a question mark.
    /// </summary>
    public static string Clean(string? heloName)
    {
        if (string.IsNullOrEmpty(heloName)) return "unknown";
        var name = heloName.Length <= MaxHeloName ? heloName : heloName[..MaxHeloName];
        return string.Create(name.Length, name, static (clean, name) =>
        {
            for (var i = 0; i < clean.Length; i++)
                clean[i] = char.IsAsciiLetterOrDigit(name[i]) || name[i] is '.' or '-' or '_' or ':' or '[' or ']' ? name[i] : '?';
        });
    }

    /// <summary>The <c>with</c> keyword. RFC 3848; RFC 6531 section 4.3.</summary>
    public static string Protocol(ServerSession session, bool smtpUtf8)
    {
        if (!session.Extended) return "SMTP";
        return (smtpUtf8, session.Tls is not null, session.Account is not null) switch
        {
            (false, false, false) => "ESMTP",
            (false, false, true) => "ESMTPA",
            (false, true, false) => "ESMTPS",
            (false, true, true) => "ESMTPSA",
            (true, false, false) => "UTF8SMTP",
            (true, false, true) => "UTF8SMTPA",
            (true, true, false) => "UTF8SMTPS",
            (true, true, true) => "UTF8SMTPSA",
        };
    }

    /// <summary>RFC 5321 section 4.1.3. A scope such as <c>%eth0</c> means nothing to others.</summary>
    static string Literal(IPAddress address) => address.AddressFamily is AddressFamily.InterNetworkV6
        ? $"[IPv6:{new IPAddress(address.GetAddressBytes())}]"
        : $"[{address}]";
}
