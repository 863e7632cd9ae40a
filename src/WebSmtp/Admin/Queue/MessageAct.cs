using WebSmtp.Admin.Components;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Admin.Queue;

/// <summary>What can be done with a message that has an entry in one of the states.</summary>
sealed record MessageAct(
    QueueAct What, RecipientState[] States, IconName Icon, string Button, string Title, string Text, string Confirm, string Done)
{
    public static readonly IReadOnlyList<MessageAct> All =
    [
        new(QueueAct.Freeze, [RecipientState.Queued, RecipientState.Held], IconName.Frozen, "Freeze", "Freeze this message?",
            "It is neither tried nor collected until somebody releases it. It does not expire meanwhile.", "Freeze the message", "The message is frozen."),
        new(QueueAct.Release, [RecipientState.Frozen], IconName.Play, "Release", "Release this message?",
            "It is held again where its domain's mail is held now, and tried at once elsewhere.", "Release the message", "The message is released."),
        new(QueueAct.Retry, [RecipientState.Queued], IconName.Sending, "Try now", "Try this message now?",
            "It is tried at once instead of at its next time.", "Try it now", "The message is tried now."),
        new(QueueAct.Bounce, [RecipientState.Queued, RecipientState.Held, RecipientState.Frozen], IconName.Failed, "Return", "Return this message?",
            "It ends as failed for all recipients that still wait, and its content is gone. The sender gets the report that he asked for.", "Return the message", "The message is returned."),
    ];

    public string Id => $"{What.ToString().ToLowerInvariant()}-message";

    /// <summary>An entry that the act does not suit would stop it for all.</summary>
    public bool Suits(Message message) => message.LiveRecipients > 0
        && message.Recipients.Where(entry => entry.SettledAt is null).All(entry => States.Contains(entry.State));
}
