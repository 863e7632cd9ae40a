using System.Net;

namespace WebSmtp.Mta.Watching;

/// <summary>
/// Makes the records of one connection: for a client's, one for each command with its final reply; for ours, one for each
/// command and one for each reply, as the old service did. Not thread-safe.
/// </summary>
sealed class W3cSession(ProtocolFiles files, W3cTarget target)
{
    (DateTimeOffset At, string Text)? _asked;
    long _received, _sent;

    public void Say(SessionLog session, in ConversationLine line, string text)
    {
        if (line.Speaker is Speaker.Note) return;
        if (session.WeAreClient) SayAsClient(session, line, text);
        else SayAsServer(session, line, text);
    }

    void SayAsClient(SessionLog session, in ConversationLine line, string text)
    {
        if (line.Ours)
        {
            var (verb, rest) = Split(text);
            files.Add(Record(session, line.At, "OutboundConnectionCommand", verb, rest, 0, 0, text.Length + 2, TimeSpan.Zero));
            _asked = (line.At, text);
        }
        else if (IsFinal(text))
        {
            var took = _asked is { } asked ? line.At - asked.At : TimeSpan.Zero;
            files.Add(Record(session, line.At, "OutboundConnectionResponse", null, text, 0, text.Length + 2, 0, took));
        }
    }

    void SayAsServer(SessionLog session, in ConversationLine line, string text)
    {
        if (!line.Ours)
        {
            // What follows 354 or 334 belongs to the command that asked for it.
            _asked ??= (line.At, text);
            _received += IsContent(text, out var octets) ? octets : text.Length + 2;
            return;
        }
        _sent += text.Length + 2;
        if (!IsFinal(text) || text[0] == '3' || _asked is not { } command) return;
        var (verb, rest) = Split(command.Text);
        var user = session.Session?.Account ?? session.Session?.PeerName;
        // With the blank before the arguments, as the old service wrote it.
        files.Add(Record(session, command.At, user, verb, rest is null ? null : " " + rest, Status(text), _sent, _received, line.At - command.At));
        (_asked, _sent, _received) = (null, 0, 0);
    }

    W3cRecord Record(
        SessionLog session, DateTimeOffset at, string? user, string? method, string? query, int status, long sent, long received, TimeSpan took)
    {
        var local = session.Facts.Local as IPEndPoint;
        // For our own connections the column has the port that was connected to.
        var port = local?.Port ?? (session.Facts.Remote as IPEndPoint)?.Port ?? 0;
        return new(target, at, session.Facts.Address, user, local is null ? null : new SessionFacts("", 0, default, default, local, null, default).Address,
            port, method, query, status, sent, received, (long)took.TotalMilliseconds);
    }

    static (string Verb, string? Arguments) Split(string text)
    {
        var blank = text.IndexOf(' ', StringComparison.Ordinal);
        return blank < 0 ? (text, null) : (text[..blank], text[(blank + 1)..]);
    }

    static bool IsFinal(string reply) => reply.Length >= 3 && (reply.Length == 3 || reply[3] != '-');
    static int Status(string reply) => int.TryParse(reply.AsSpan(0, 3), System.Globalization.CultureInfo.InvariantCulture, out var code) ? code : 0;

    static bool IsContent(string text, out long octets)
    {
        octets = 0;
        return text.StartsWith('(') && text.IndexOf(' ', StringComparison.Ordinal) is > 1 and var blank
            && long.TryParse(text.AsSpan(1, blank - 1), System.Globalization.CultureInfo.InvariantCulture, out octets);
    }
}
