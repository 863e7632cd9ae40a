using WebSmtp.Mta.Sessions;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Watching;

/// <summary>
/// Hears one connection, whoever is client and server on it, and passes its lines on to those who want them: the session's
/// own record, a message's, a collection's, the protocol log, its file. While nobody does, no line is made. Made by
/// <see cref="ProtocolLog.Begin"/>. Lines come from one thread at a time; the rest may be called from any.
/// </summary>
public sealed class SessionLog : ISessionObserver
{
    readonly ProtocolLog _log;
    readonly W3cSession? _file;
    readonly bool _recorded;
    readonly Lock _lock = new();
    volatile Conversation? _own;

    internal SessionLog(ProtocolLog log, SessionFacts facts, bool recorded, W3cSession? file)
    {
        (_log, Facts, _recorded, _file) = (log, facts, recorded, file);
        WeAreClient = facts.Direction is SessionDirection.Outbound;
    }

    public SessionFacts Facts { get; }

    /// <summary>Which side is ours; TURN and ATRN exchange them.</summary>
    public bool WeAreClient { get; set; }

    /// <summary>The client's side while it is ours.</summary>
    public ClientSession? Client { get; set; }

    /// <summary>Messages that the peer took from us.</summary>
    public int MessagesSent { get; internal set; }

    /// <summary>Set when it is in the list of sessions.</summary>
    internal WatchedSession? Session { get; set; }

    /// <summary>Of the message that is on its way, and of the collection that it is part of.</summary>
    internal Conversation? Attempt { get; set; }
    internal Conversation? Collection { get; set; }

    /// <summary>Its lines are kept from its start.</summary>
    public bool IsRecorded => _recorded;

    public bool Listens => _recorded || _own is not null || Attempt is not null || Collection is not null || _log.IsFollowed;

    public void ClientSaid(string line) => Say(Speaker.Client, WeAreClient, line);
    public void ServerSaid(string line) => Say(Speaker.Server, !WeAreClient, line);

    /// <summary>A remark of our own.</summary>
    public void Note(string text)
    {
        if (Listens) Say(Speaker.Note, true, text);
    }

    /// <summary>What was said so far; from now on all is kept. Null: nothing is kept yet.</summary>
    public ConversationCopy? Watch() => Own().Copy();

    /// <summary>What was kept, for the history of sessions.</summary>
    internal Conversation? Kept => _own;

    Conversation Own()
    {
        if (_own is { } own) return own;
        lock (_lock) return _own ??= new(_log.Budget, () => _log.Tell(this));
    }

    void Say(Speaker speaker, bool ours, string text)
    {
        var line = new ConversationLine(_log.Time.GetUtcNow(), speaker, ours, ConversationLine.Cut(text));
        if (_own is { } own) own.Add(line);
        else if (_recorded) Own().Add(line);
        Attempt?.Add(line);
        Collection?.Add(line);
        if (_recorded || _log.IsFollowed) _log.Add(Facts, line);
        _file?.Say(this, line, text);
    }
}
