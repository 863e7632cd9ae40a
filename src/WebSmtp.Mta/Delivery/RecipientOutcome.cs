using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>What an attempt did for one recipient. <paramref name="Reply"/> is null when the connection broke first: nothing is decided.</summary>
/// <param name="Stage">Where it was decided, or broke; null: without asking a host.</param>
readonly record struct RecipientOutcome(Recipient Recipient, Reply? Reply, ClientPhase? Stage = null);

/// <summary>A host as records name it.</summary>
/// <param name="Address">Address and port; null: a folder.</param>
sealed record RemoteHost(string Name, string? Address)
{
    public static RemoteHost Of(NextHop host) => new(host.Name, $"[{host.Remote.Address}]:{host.Remote.Port}");

    /// <summary>For one line: <c>mail.example [192.0.2.7]:25</c>.</summary>
    public override string ToString() => Address is null ? Name : $"{Name} {Address}";
}

/// <summary>A host that was tried in vain before another one, or nobody, took the message.</summary>
sealed record HostTry(RemoteHost Host, ClientPhase Stage, string What, string? Tls, TimeSpan Took);

/// <summary>Why nothing at all can be sent over a route now.</summary>
/// <param name="Condition">What it is called; <see cref="RouteCondition.Ok"/>: only this message fails.</param>
/// <param name="Reply">4yz: it may be different later; 5yz: it will not.</param>
sealed record RouteTrouble(RouteCondition Condition, Reply Reply)
{
    /// <summary>The host whose words the reply is; null: it is how this server puts what happened.</summary>
    public RemoteHost? SaidBy { get; init; }

    /// <summary>For people, with the host that said it.</summary>
    public string Reason => SaidBy is null ? Reply.Text : $"{SaidBy}: {Reply.Text}";

    /// <summary>When it is worth another try; null: by the retry intervals.</summary>
    public DateTimeOffset? Until { get; init; }
    public ClientPhase? Stage { get; init; }
}

/// <summary>What an attempt did for a message: an outcome for each recipient, and the host that decided.</summary>
/// <param name="Host">Null when none was reached or none was asked.</param>
/// <param name="Broken">Why the connection ended; null while it can be used for more.</param>
/// <param name="NeverBegun">The connection ended before the host took even the sender.</param>
sealed record Attempt(IReadOnlyList<RecipientOutcome> Outcomes, RemoteHost? Host, string? Tls, string? Broken, bool NeverBegun = false)
{
    /// <summary>Hosts that came before in vain.</summary>
    public IReadOnlyList<HostTry> Tries { get; init; } = [];

    /// <summary>The route as a whole failed; null: a host was asked, or the message alone is at fault.</summary>
    public RouteTrouble? Trouble { get; init; }
    public TimeSpan? Took { get; init; }

    /// <summary>What the trace should say beside the reply.</summary>
    public string? Note { get; init; }

    /// <summary>The host offered DSN, so that it reports itself; null when no host was asked.</summary>
    public bool? Dsn { get; init; }

    /// <summary>This attempt and the next transaction of it, which decides about those that it is about.</summary>
    public Attempt With(Attempt next)
    {
        var decided = next.Outcomes.ToDictionary(outcome => outcome.Recipient);
        return this with
        {
            Outcomes = [.. Outcomes.Select(outcome => decided.GetValueOrDefault(outcome.Recipient, outcome))],
            Broken = next.Broken,
        };
    }

    /// <summary>One reply of our own for all recipients, without asking a host.</summary>
    public static Attempt Ours(LeasedMessage message, Reply reply) =>
        new([.. message.Recipients.Select(recipient => new RecipientOutcome(recipient, reply))], null, null, null);

    /// <summary>Nobody was there to ask.</summary>
    public static Attempt Nowhere(LeasedMessage message, RouteTrouble trouble) =>
        new([.. message.Recipients.Select(recipient => new RecipientOutcome(recipient, trouble.Reply, trouble.Stage))], null, null, null) { Trouble = trouble };
}
