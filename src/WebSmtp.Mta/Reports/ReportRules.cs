using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Reports;

/// <summary>What senders are told, and what not. RFC 3461 section 4.1.</summary>
static class ReportRules
{
    /// <summary>Null: nothing is told. The null sender is never told anything. RFC 5321 section 6.1.</summary>
    public static ReportKind? KindOf(Message message, Recipient recipient, Settlement settlement, SettingValues settings, DateTimeOffset now)
    {
        if (message.MailFrom.Length == 0) return null;
        return (settlement.State ?? recipient.LeasedFrom) switch
        {
            RecipientState.Failed when Wants(recipient, DsnNotify.Failure) => ReportKind.Failed,
            RecipientState.Expired when Wants(recipient, DsnNotify.Failure) => ReportKind.Expired,
            RecipientState.Queued when ReportTimes.DelayNoticeAt(message, recipient, settings) <= now => ReportKind.Delayed,
            // A host that offered DSN was told that the sender wants to know, and says so itself.
            RecipientState.Delivered when recipient.Notify.HasFlag(DsnNotify.Success) && settlement.HostReports is not true =>
                settlement.HostReports is null ? ReportKind.Delivered : ReportKind.Relayed,
            _ => null,
        };
    }

    /// <summary>Without NOTIFY, senders hear of failures and delays.</summary>
    public static bool Wants(Recipient recipient, DsnNotify what) => recipient.Notify is DsnNotify.Unspecified || recipient.Notify.HasFlag(what);
}

/// <summary>When senders are told that their mail is late.</summary>
static class ReportTimes
{
    /// <summary>Null: never, or it was told already.</summary>
    public static DateTimeOffset? DelayNoticeAt(Message message, Recipient recipient, SettingValues settings)
    {
        var after = settings.Get(SettingsTable.DelayNotificationAfter);
        return after > TimeSpan.Zero && message.MailFrom.Length > 0 && recipient.DelayReportedAt is null && ReportRules.Wants(recipient, DsnNotify.Delay)
            ? message.ReceivedAt + after
            : null;
    }

    /// <summary>
    /// The time of the next attempt, moved forward to when the sender is to be told of the delay: the notice goes with the
    /// attempt that fails, and must not come hours after its time because attempts are hours apart.
    /// </summary>
    public static DateTimeOffset Cap(DateTimeOffset due, DateTimeOffset now, Message message, Recipient recipient, SettingValues settings) =>
        DelayNoticeAt(message, recipient, settings) is { } notice && notice > now && notice < due ? notice : due;
}
