namespace WebSmtp.Smtp;

/// <summary>
/// Sees each line of a conversation after secrets were taken out: the protocol log, the live screens, tests.
/// Called on the session's own thread; it must be quick and must not throw. Message content is not shown,
/// only a line that says how much of it passed.
/// </summary>
public interface ISessionObserver
{
    /// <summary>Nobody looks while it is false: lines need not be made. Asked before each line.</summary>
    bool Listens => true;

    /// <summary>A line, without CRLF, that the SMTP client of this conversation sent.</summary>
    void ClientSaid(string line);

    /// <summary>A line, without CRLF, that the SMTP server of this conversation sent.</summary>
    void ServerSaid(string line);
}
