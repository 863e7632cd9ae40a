using WebSmtp.Smtp;

namespace WebSmtp.Mta.Reports;

/// <summary>What is the matter, and what the sender can do about it: both whole sentences.</summary>
readonly record struct Explanation(string What, string Do)
{
    const string AskPostmaster = "If you do not know why, show this message to the people who look after your mail.";
    const string OtherWay = "Reach the recipient in another way, or try again later.";

    /// <summary>A status code in words for whoever sent the mail. RFC 3463 and the registry of RFC 5248.</summary>
    /// <param name="domain">The recipient's.</param>
    /// <param name="said">The reply, for what the codes do not tell apart.</param>
    public static Explanation Of(EnhancedStatus status, string domain, string said) => (status.Subject, status.Detail) switch
    {
        (1, 1) => new($"There is no such mailbox at {domain}.", "Look for typing errors in the address, or ask the recipient for the right one."),
        (1, 2) or (4, 4) => new($"No mail server was found for {domain}: the domain may not exist.", "Look for typing errors in the part of the address behind the @."),
        (1, 3) => new("The other server does not understand the address.", "Look for typing errors in the address."),
        (1, 6) => new("The mailbox has moved, and it is not known where to.", "Ask the recipient for the new address."),
        (1, 7) or (1, 8) => new("The other server does not accept your address as the sender.", $"Check the sender's address in your mail program. {AskPostmaster}"),
        (1, 10) => new($"{domain} takes no mail at all.", "Look for typing errors in the part of the address behind the @."),
        (1, _) => new("The other server does not take mail for this address.", "Check the address, or ask the recipient for the right one."),
        (2, 1) => new("The mailbox is switched off or takes no mail at the moment.", OtherWay),
        (2, 2) => new("The recipient's mailbox is full.", $"Only its owner can make room. {OtherWay}"),
        (2, 3) or (3, 4) => new("The message is too large for the other side.", "Send it without large attachments or in parts, or give the recipient a link instead."),
        (4, 6) or (4, 8) or (4, 14) => new("The message goes round in a circle: servers hand it to each other and none of them keeps it.", $"Sending it again does not help. The people who look after {domain}, or after your mail, have to put this right."),
        (4, 7) => new($"The mail server of {domain} could not be reached, or did not take the message, in all the time that this server tried.", "If it still matters, send the message again, or reach the recipient in another way."),
        (3, _) or (4, _) => new($"The mail server of {domain} could not be reached or had trouble.", OtherWay),
        (5, 3) => new("The message has too many recipients for the other server.", "Send it to fewer recipients at a time."),
        (6, 7) => new("The recipient's server takes no addresses or subjects with letters beyond plain English ones.", "Ask the recipient for another address."),
        (6, _) => new("The recipient's server cannot take a message of this form.", $"Send it as plain text, or without its attachments. {AskPostmaster}"),
        (7, 1) when said.Contains("relay", StringComparison.OrdinalIgnoreCase) => new($"The server that was asked does not pass on mail for {domain} from here.", $"Check the address. {AskPostmaster}"),
        (7, >= 20 and <= 27) => new("The other server could not make sure that the message is really from your domain.", $"This is for those who look after your domain to put right (SPF, DKIM, DMARC). {AskPostmaster}"),
        (0 or 2 or 7, _) when status.Class is 4 => NotYet,
        (7, _) => new("The recipient's server refused the message by its own rules: it may take it for unwanted mail, or you may not write to this address.", $"Its words, below, may say more. {AskPostmaster}"),
        _ => new("The recipient's server refused the message.", $"Its words, below, may say why. {AskPostmaster}"),
    };

    /// <summary>Nothing that the sender or the recipient could do about.</summary>
    /// <param name="over">It is not tried any more.</param>
    public static Explanation OurTrouble(bool over) => over
        ? new("This server could not hand on mail for this recipient, for a reason of its own.",
            "If it still matters, send the message again, and tell the people who look after your mail, who can see the reason.")
        : new("This server cannot hand on mail for this recipient at the moment, for a reason of its own.",
            "You need not do anything. If it is urgent, tell the people who look after your mail, who can see the reason.");

    /// <summary>It said "not now", for a reason that the codes do not tell.</summary>
    static readonly Explanation NotYet = new(
        "The recipient's server has not taken the message yet.", "You need not do anything: this server goes on trying.");

    /// <summary>Mail that waits for its own server to fetch it.</summary>
    public static Explanation NotCollected(string domain) => new(
        $"Mail for {domain} waits here until its own mail server fetches it, and that did not happen in time.",
        "If it still matters, send the message again, or reach the recipient in another way.");
}
