using System.IO.Pipelines;

namespace WebSmtp.Smtp.Client;

/// <summary>Asking for mail that is held: ETRN, TURN, ATRN. RFC 1985, RFC 821 section 3.8, RFC 2645.</summary>
public sealed partial class ClientSession
{
    /// <summary>Asks for one node's mail over connections of its own; the reply is the answer. Null: the connection broke.</summary>
    /// <exception cref="ArgumentException">The node holds CR, LF or NUL. Nothing was said.</exception>
    public ValueTask<(Reply? Reply, ClientFailure? Failure)> EtrnAsync(string node, CancellationToken stop) =>
        RequestAsync(EnvelopeCommands.Checked($"ETRN {node}"), stop);

    /// <summary>
    /// Asks the server to exchange roles: <paramref name="domains"/> null says TURN, otherwise ATRN, with no domains for
    /// all. After a 250 this session has spoken its last: the pipes belong to a server session, which greets, and are
    /// good until this one is disposed. What the peer said behind its 250 is still in them.
    /// </summary>
    /// <exception cref="ArgumentException">A domain holds CR, LF or NUL. Nothing was said.</exception>
    public async ValueTask<(IDuplexPipe? Turned, Reply? Reply, ClientFailure? Failure)> TurnAsync(
        IReadOnlyList<string>? domains, CancellationToken stop)
    {
        var command = domains switch { null => "TURN", [] => "ATRN", _ => "ATRN " + string.Join(',', domains) };
        var (reply, failure) = await RequestAsync(EnvelopeCommands.Checked(command), stop);
        if (failure is not null || reply is not { Code: 250 }) return (null, reply, failure);
        Break(ClientPhase.Request, "the roles were exchanged");
        return (_wire, reply, null);
    }

    async ValueTask<(Reply? Reply, ClientFailure? Failure)> RequestAsync(string command, CancellationToken stop)
    {
        if (!_open) throw new InvalidOperationException("The session is not open.");
        if (_failure is not null) return (null, _failure);
        using var stopping = StopWith(stop);
        var reply = await AskAsync(ClientPhase.Request, command);
        if (reply?.Code == 421) Break(ClientPhase.Request, "the server closed the session", reply);
        else if (reply is { IsPositive: false, IsTransient: false, IsPermanent: false })
        {
            Break(ClientPhase.Request, $"the reply {reply.Code} to {command.Split(' ')[0]} makes no sense", reply);
        }
        return (reply, _failure);
    }
}
