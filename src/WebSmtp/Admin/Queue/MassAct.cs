using WebSmtp.Admin.Components;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Admin.Queue;

/// <summary>An act on many messages, in words.</summary>
/// <param name="Effect">What it does to the messages that it is said of.</param>
/// <param name="Key">The key that does it.</param>
sealed record MassAct(QueueAct Act, IconName Icon, string Button, string Verb, string Effect, string Done, bool Destroys = false, string? Key = null)
{
    public static readonly IReadOnlyList<MassAct> All =
    [
        new(QueueAct.Retry, IconName.Sending, "Try now", "Try", "What is queued is tried at once instead of at its next time. What is held or frozen is left, and counted as failed.", "to be tried now", Key: "r"),
        new(QueueAct.Freeze, IconName.Frozen, "Freeze", "Freeze", "Nothing is tried for them, and they are not collected, until they are released. They do not expire meanwhile.", "frozen", Key: "h"),
        new(QueueAct.Release, IconName.Play, "Release", "Release", "What is frozen goes on: held again where its domain's mail is held, and tried at once elsewhere.", "released"),
        new(QueueAct.Redirect, IconName.Relay, "Redirect…", "Redirect", "They go another way, at once. Their addresses stay as they are.", "redirected"),
        new(QueueAct.Export, IconName.File, "Export…", "Export", "Copies are written as files that a Pickup folder takes, into a folder below the site's mail root. The messages go on waiting.", "exported"),
        new(QueueAct.Bounce, IconName.Failed, "Return…", "Return", "They end as failed. Each sender gets the report that he asked for, and the content is gone.", "returned", Destroys: true),
        new(QueueAct.Delete, IconName.Delete, "Delete…", "Delete", "They are neither delivered nor returned, and their content is gone. The senders are not told.", "deleted", Destroys: true, Key: "#"),
    ];

    /// <summary>What a message could be, or not.</summary>
    public string Could => Act is QueueAct.Retry ? "tried" : Done;

    public static MassAct Of(QueueAct act) => All.First(one => one.Act == act);
}
