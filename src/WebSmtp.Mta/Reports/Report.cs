using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Reports;

/// <summary>
/// What a report says became of its recipients. <see cref="Expired"/> is a failure too, told in other words;
/// <see cref="Relayed"/>: it was handed to a host that will not tell of it. RFC 3464 section 2.3.3.
/// </summary>
enum ReportKind { Failed, Expired, Delayed, Delivered, Relayed }

/// <summary>What one message's sender is told at one moment: all recipients to which the same happened.</summary>
sealed record Report(ReportKind Kind, SiteSnapshot Site, Message Message, IReadOnlyList<ReportedRecipient> Recipients, DateTimeOffset At)
{
    /// <summary>Whom it goes to: the envelope's sender, completed.</summary>
    public string Sender => Complete(Message.MailFrom, Site);

    public bool IsFailure => Kind is ReportKind.Failed or ReportKind.Expired;

    /// <summary>Addresses are in it that US-ASCII has no letters for. RFC 6533.</summary>
    public bool IsGlobal => !IsAscii(Sender) || Recipients.Any(one => !IsAscii(one.Recipient.Address) || !IsAscii(one.Recipient.OriginalRecipient ?? ""));

    /// <summary>Names without a domain belong to the default domain.</summary>
    public static string Complete(string address, SiteSnapshot site) =>
        address.Contains('@', StringComparison.Ordinal) ? address : $"{address}@{site.DefaultDomain}";

    static bool IsAscii(string text) => System.Text.Ascii.IsValid(text);
}

/// <summary>One recipient of a report, and what is written down about it.</summary>
/// <param name="Settings">Those of the recipient's domain.</param>
sealed record ReportedRecipient(Recipient Recipient, Settlement Settlement, SettingValues Settings)
{
    /// <summary>What decided, in the words of whoever decided; null where nobody said anything.</summary>
    public KeptReply? Reply { get; } = KeptReply.Read(Settlement.LastReply);

    /// <summary>The host that decided, by its name; null where this server did. RFC 3464 section 2.3.5.</summary>
    public string? RemoteHost => Settlement.SaidBy;

    /// <summary>The reply is the host's own.</summary>
    public bool IsHostsReply => RemoteHost is not null;

    /// <summary>This server cannot hand on mail now, because of a log-in, a limit or a setting of its own: its administrators see the details.</summary>
    public bool IsOurTrouble => !IsHostsReply && Reply?.Status is { Class: 4, Subject: 3 or 7 } or { Class: 4, Subject: 4, Detail: 4 or 6 };

    /// <summary>It waited to be collected, and nobody came.</summary>
    public bool WasNotCollected => Settlement is { State: RecipientState.Expired, CountsAsAttempt: false };

    /// <summary>RFC 3463. A reply without a status has the class's general one; delivery that took too long is 4.4.7.</summary>
    public EnhancedStatus Status(ReportKind kind)
    {
        var said = Reply?.Status;
        return kind switch
        {
            ReportKind.Failed => new(5, said?.Subject ?? 0, said?.Detail ?? 0),
            ReportKind.Expired => new(4, 4, 7),
            ReportKind.Delayed => new(4, said?.Subject ?? 0, said?.Detail ?? 0),
            _ => new(2, said?.Subject ?? 0, said?.Detail ?? 0),
        };
    }
}

/// <summary>A reply as it is kept with an entry, <c>550 5.1.1 User unknown</c>, read again.</summary>
readonly record struct KeptReply(int Code, EnhancedStatus? Status, string Whole)
{
    /// <summary>Null when there is none.</summary>
    public static KeptReply? Read(string? kept)
    {
        if (string.IsNullOrWhiteSpace(kept)) return null;
        var coded = kept.Length >= 3 && int.TryParse(kept.AsSpan(0, 3), System.Globalization.NumberStyles.None, null, out var code) ? code : 0;
        return new(coded, coded > 0 && kept.Length > 4 ? EnhancedStatus.FromText(kept.AsSpan(4)) : null, kept);
    }
}
