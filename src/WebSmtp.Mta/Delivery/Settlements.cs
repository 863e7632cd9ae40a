using System.Text.Json;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>Turns outcomes into what is written about an entry: 2yz delivered, 5yz failed, all else waits on.</summary>
static class Settlements
{
    const int MaxReply = 500;

    public static Settlement Delivered(RecipientOutcome outcome, Attempt attempt, string owner, string what, string? by, ILogger log)
    {
        var (recipient, reply) = (outcome.Recipient, Text(outcome.Reply!));
        Log.Delivered(log, Id(recipient), recipient.Address, attempt.Host, reply);
        return Settle(outcome, attempt, owner, RecipientState.Delivered, null, reply, what, by) with { DeliveredTo = attempt.Host?.ToString(), HostReports = attempt.Dsn };
    }

    public static Settlement Failed(RecipientOutcome outcome, Attempt attempt, string owner, string? by, ILogger log)
    {
        var (recipient, reply) = (outcome.Recipient, Text(outcome.Reply!));
        Log.Failed(log, Id(recipient), recipient.Address, attempt.Host, reply);
        return Settle(outcome, attempt, owner, RecipientState.Failed, null, reply, "failed", by);
    }

    /// <summary>Waits on: held, or in the queue until <paramref name="dueAt"/>.</summary>
    public static Settlement Deferred(
        RecipientOutcome outcome, Attempt attempt, string owner, DateTimeOffset? dueAt, string? by, ILogger log)
    {
        var (recipient, reply) = (outcome.Recipient, Text(Why(outcome, attempt)));
        Log.Deferred(log, Id(recipient), recipient.Address, attempt.Host, reply, dueAt);
        return Settle(outcome, attempt, owner, null, dueAt, reply, "deferred", by);
    }

    public static Settlement Expired(RecipientOutcome outcome, Attempt attempt, string owner, ILogger log)
    {
        var (recipient, reply) = (outcome.Recipient, Text(Why(outcome, attempt)));
        Log.Failed(log, Id(recipient), recipient.Address, attempt.Host, reply);
        return Settle(outcome, attempt, owner, RecipientState.Expired, null, reply, "expired", null);
    }

    /// <summary>
    /// Waits with all the others that a route could not be found for: as the one that was tried, but for the hosts, which
    /// it did not see.
    /// </summary>
    /// <param name="counts">False: its route is at fault in a way that makes nothing expire.</param>
    public static Settlement PutOff(Recipient recipient, RouteTrouble trouble, string owner, DateTimeOffset dueAt, bool counts, ILogger log)
    {
        var reply = Text(trouble.Reply);
        Log.Deferred(log, Id(recipient), recipient.Address, null, reply, dueAt);
        return new(recipient.Id, new(recipient.MessageId), owner, RecipientState.Queued, dueAt, reply, null, counts,
            new() { Event = "deferred", Recipient = recipient.Address, Detail = "Not tried itself: it waits with other mail for the same route, which was.", Reply = reply })
        {
            SaidBy = trouble.SaidBy?.Name,
        };
    }

    /// <summary>Was held for longer than its domain's mail may wait.</summary>
    public static Settlement NotCollected(Recipient recipient, string owner) =>
        new(recipient.Id, new(recipient.MessageId), owner, RecipientState.Expired, null, null, null, false,
            new() { Event = "expired", Recipient = recipient.Address, Detail = "It was not collected in time." });

    /// <summary>Goes back to where it waits, untried.</summary>
    public static Settlement Untried(Recipient recipient, string owner, DateTimeOffset? dueAt, string what) =>
        new(recipient.Id, new(recipient.MessageId), owner, dueAt is null ? RecipientState.Held : RecipientState.Queued, dueAt,
            recipient.LastReply, null, false, new() { Event = what, Recipient = recipient.Address });

    /// <summary>The reply that decided, or what stands for one when the connection broke.</summary>
    static Reply Why(RecipientOutcome outcome, Attempt attempt) =>
        outcome.Reply ?? new(451, 4, 4, 2, attempt.Broken ?? "the connection broke");

    /// <summary>The hosts that were tried in vain belong to the message's first entry.</summary>
    static Settlement Settle(
        RecipientOutcome outcome, Attempt attempt, string owner, RecipientState? state, DateTimeOffset? dueAt, string reply, string what, string? by)
    {
        var recipient = outcome.Recipient;
        var first = attempt.Tries.Count > 0 && recipient.Id == attempt.Outcomes[0].Recipient.Id;
        return new(recipient.Id, new(recipient.MessageId), owner, state, dueAt, reply, null, true, new()
        {
            Event = what, Recipient = recipient.Address, Detail = attempt.Note, Reply = reply, Host = attempt.Host?.Name, Address = attempt.Host?.Address, Tls = attempt.Tls,
            Stage = StageName(outcome.Stage), Milliseconds = Milliseconds(attempt.Took), By = by,
        })
        {
            Before = first ? [.. attempt.Tries.Select(Traced)] : [],
            SaidBy = SaidBy(outcome, attempt)?.Name,
        };
    }

    /// <summary>A reply is a host's where one was asked; a folder says nothing.</summary>
    static RemoteHost? SaidBy(RecipientOutcome outcome, Attempt attempt) =>
        outcome.Reply is null ? null
        : attempt.Trouble is { } trouble ? trouble.SaidBy
        : outcome.Stage is not null && attempt.Host is { Address: not null } host ? host : null;

    static TraceEvent Traced(HostTry tried) => new()
    {
        Event = "attempt", Reply = Bounded(tried.What), Host = tried.Host.Name, Address = tried.Host.Address, Tls = tried.Tls,
        Stage = StageName(tried.Stage), Milliseconds = Milliseconds(tried.Took),
    };

    static int? Milliseconds(TimeSpan? took) => took is { } time ? (int)Math.Min(time.TotalMilliseconds, int.MaxValue) : null;

    /// <summary><c>connect</c>, <c>startTls</c>, <c>finalDot</c>...</summary>
    static string? StageName(ClientPhase? stage) => stage is null ? null : JsonNamingPolicy.CamelCase.ConvertName(stage.Value.ToString());

    static string Text(Reply reply) => Bounded(reply.ToString());

    static string Bounded(string text) => text.Length <= MaxReply ? text : text[..MaxReply];

    static string Id(Recipient recipient) => new MessageId(recipient.MessageId).ToString();
}
