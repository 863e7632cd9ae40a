using System.Net;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sessions;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>Who brought a message and how: what its row and its Received field say about that.</summary>
/// <param name="ClientAddress">For records.</param>
/// <param name="Protocol">The <c>with</c> keyword; for what did not come over SMTP the name of its door.</param>
/// <param name="Client">Null where the transport has no IP address.</param>
/// <param name="Tls">The version of TLS; null: in clear.</param>
/// <param name="IsSmtp">False: there was no client that said EHLO.</param>
sealed record Origin(string ClientAddress, string HeloName, string? Account, string Protocol, IPAddress? Client, string? Tls, bool IsSmtp)
{
    public static Origin Of(ServerSession session, MailParameters parameters) => new(
        MailSink.TextOf(session.Remote), ReceivedField.Clean(session.HeloName), session.Account,
        ReceivedField.Protocol(session, parameters.SmtpUtf8), MailSink.AddressOf(session.Remote), session.Tls is { } version ? TlsNames.Of(version) : null, IsSmtp: true);

    /// <param name="door">One word: <c>Pickup</c>, <c>HTTP</c>.</param>
    public static Origin Submitted(string door, string clientAddress) => new(clientAddress, "localhost", null, door, null, null, IsSmtp: false);

    public string ReceivedFieldAt(string hostName, MessageId id, MailAddress? recipient, DateTimeOffset at) => IsSmtp
        ? ReceivedField.Write(HeloName, Client, hostName, Protocol, id, recipient, at)
        : ReceivedField.WriteSubmitted(Protocol, hostName, id, recipient, at);
}
