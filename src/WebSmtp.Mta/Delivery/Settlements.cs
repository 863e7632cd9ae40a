using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Delivery;

/// <summary>Turns outcomes into what is written about an entry: 2yz delivered, 5yz failed, all else waits on.</summary>
static class Settlements
{
    const int MaxReply = 500;

    public static Settlement Delivered(RecipientOutcome outcome, Attempt attempt, string owner, string what, string? by, ILogger log)
    {
        var (recipient, reply) = (outcome.Recipient, Text(outcome.Reply!));
        Log.Delivered(log, Id(recipient), recipient.Address, attempt.Host, reply);
        return Settle(recipient, attempt, owner, RecipientState.Delivered, null, reply, what, by) with { DeliveredTo = attempt.Host, HostReports = attempt.Dsn };
    }

    public static Settlement Failed(RecipientOutcome outcome, Attempt attempt, string owner, string? by, ILogger log)
    {
        var (recipient, reply) = (outcome.Recipient, Text(outcome.Reply!));
        Log.Failed(log, Id(recipient), recipient.Address, attempt.Host, reply);
        return Settle(recipient, attempt, owner, RecipientState.Failed, null, reply, "failed", by);
    }

    /// <summary>Waits on: held, or queued until <paramref name="dueAt"/>.</summary>
    public static Settlement Deferred(
        RecipientOutcome outcome, Attempt attempt, string owner, DateTimeOffset? dueAt, string? by, ILogger log)
    {
        var (recipient, reply) = (outcome.Recipient, Text(Why(outcome, attempt)));
        Log.Deferred(log, Id(recipient), recipient.Address, attempt.Host, reply, dueAt);
        var state = dueAt is null ? RecipientState.Held : RecipientState.Queued;
        return Settle(recipient, attempt, owner, state, dueAt, reply, "deferred", by) with { OwnWords = outcome.Reply is null };
    }

    public static Settlement Expired(RecipientOutcome outcome, Attempt attempt, string owner, ILogger log)
    {
        var (recipient, reply) = (outcome.Recipient, Text(Why(outcome, attempt)));
        Log.Failed(log, Id(recipient), recipient.Address, attempt.Host, reply);
        return Settle(recipient, attempt, owner, RecipientState.Expired, null, reply, "expired", null) with { OwnWords = outcome.Reply is null };
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

    static Settlement Settle(
        Recipient recipient, Attempt attempt, string owner, RecipientState state, DateTimeOffset? dueAt, string reply, string what, string? by) =>
        new(recipient.Id, new(recipient.MessageId), owner, state, dueAt, reply, null, true,
            new() { Event = what, Recipient = recipient.Address, Reply = reply, Host = attempt.Host, Tls = attempt.Tls, By = by });

    static string Text(Reply reply)
    {
        var text = reply.ToString();
        return text.Length <= MaxReply ? text : text[..MaxReply];
    }

    static string Id(Recipient recipient) => new MessageId(recipient.MessageId).ToString();
}
