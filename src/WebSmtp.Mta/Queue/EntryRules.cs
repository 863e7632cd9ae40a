using System.Globalization;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Queue;

/// <summary>What an order makes of an entry: a change, a reason why it cannot be, or neither where it is so already.</summary>
readonly record struct EntryVerdict(EntryChange? Change, string? Refusal);

/// <summary>What operators may do with an entry in each of its states. Bouncing and deleting are ends and not here.</summary>
sealed class EntryRules(QueueOrder order, SiteSnapshot site, string by, DateTimeOffset now)
{
    public const string Busy = "It is being delivered or collected at this moment.";

    /// <param name="stopped">Its destination is stopped.</param>
    public EntryVerdict Judge(Recipient entry, bool stopped) => (order.Act, entry.State) switch
    {
        (_, RecipientState.Delivering) => new(null, Busy),
        (_, not (RecipientState.Queued or RecipientState.Held or RecipientState.Frozen)) => default,
        (QueueAct.Freeze, RecipientState.Frozen) => default,
        (QueueAct.Freeze, _) => To(entry, RecipientState.Frozen, "frozen", null),
        (QueueAct.Release, _) when stopped => new(null, $"{entry.Domain} is stopped; release the destination."),
        (QueueAct.Release, RecipientState.Queued) => default,
        (QueueAct.Release, RecipientState.Held) when IsHeld(entry) => new(null, Held(entry)),
        (QueueAct.Release, _) => To(entry, Waiting(entry), "released", null),
        (QueueAct.Retry, RecipientState.Frozen) => new(null, "It is frozen; release it."),
        (QueueAct.Retry, RecipientState.Held) => new(null, Held(entry)),
        (QueueAct.Retry, _) when entry.DueAt <= now => default,
        (QueueAct.Retry, _) => To(entry, RecipientState.Queued, "queued", "To be tried now."),
        (QueueAct.Redirect, _) => Redirect(entry),
        _ => throw new InvalidOperationException($"No rule for {order.Act}."),
    };

    /// <summary>Where an entry waits that comes to another site.</summary>
    public static EntryChange Arrive(Recipient entry, SiteSnapshot to, string by, DateTimeOffset now)
    {
        var held = to.RuleFor(entry.Domain)?.IsHeld is true;
        var state = entry.State is RecipientState.Frozen ? RecipientState.Frozen : held ? RecipientState.Held : RecipientState.Queued;
        var trace = new TraceEvent
        {
            Event = state.ToString().ToLowerInvariant(), Detail = string.Create(CultureInfo.InvariantCulture, $"On site {to.Id}."), By = by,
        };
        return new(entry.Id, entry.State, state, state is RecipientState.Queued ? now : null, trace) { Way = new(null, null) };
    }

    /// <summary>The operator's way is taken at once, held or not; what is frozen takes it when it is released.</summary>
    EntryVerdict Redirect(Recipient entry)
    {
        var frozen = entry.State is RecipientState.Frozen;
        var verdict = To(entry, frozen ? RecipientState.Frozen : RecipientState.Queued, "redirected",
            order.To is { Domain: { } domain } ? $"By way of {domain}." : $"Over smart host {order.To!.SmartHost}.");
        return verdict with { Change = verdict.Change! with { Way = new(order.To!.Domain, order.To.SmartHost) } };
    }

    EntryVerdict To(Recipient entry, RecipientState state, string what, string? detail) => new(
        new(entry.Id, entry.State, state, state is RecipientState.Queued ? now : null, new() { Event = what, Detail = detail, By = by }), null);

    RecipientState Waiting(Recipient entry) => IsHeld(entry) ? RecipientState.Held : RecipientState.Queued;

    bool IsHeld(Recipient entry) => entry is { ViaDomain: null, ViaSmartHost: null } && site.RuleFor(entry.Domain)?.IsHeld is true;

    static string Held(Recipient entry) => $"Mail for {entry.Domain} is held until it is collected; dequeue the domain, or redirect it.";
}
