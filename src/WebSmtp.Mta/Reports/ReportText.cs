using System.Globalization;
using System.Text;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Reports;

/// <summary>The part of a report that people read: what happened, to whom, what to do, and the other server's own words.</summary>
static class ReportText
{
    const int Width = 72;

    public static string Subject(ReportKind kind) => "Delivery Status Notification " + kind switch
    {
        ReportKind.Failed or ReportKind.Expired => "(Failure)",
        ReportKind.Delayed => "(Delay)",
        ReportKind.Delivered => "(Success)",
        ReportKind.Relayed => "(Relay)",
    };

    /// <param name="full">The whole message is returned; false: only its header; null: nothing.</param>
    public static string Write(Report report, bool? full)
    {
        var text = new StringBuilder();
        Paragraph(text, $"This is the mail server {report.Site.HostName}.");
        Paragraph(text, Opening(report));
        foreach (var one in report.Recipients) Write(text, report, one);
        if (report.Kind is ReportKind.Delayed) Paragraph(text, "You need not send the message again.");
        if (report.Kind is ReportKind.Relayed) Paragraph(text, "That server does not tell whether a message arrived: you may hear nothing more.");
        text.Append("Your message\r\n\r\n");
        Line(text, "Subject", report.Message.Subject);
        Line(text, "Received", Date(report.Message.ReceivedAt));
        Line(text, "Message-ID", report.Message.HeaderMessageId);
        Line(text, "Our number", new MessageId(report.Message.Id).ToString());
        text.Append("\r\n");
        Paragraph(text, full switch
        {
            true => "The message itself is attached.",
            false => "The header of the message is attached.",
            null => "The message itself cannot be attached: this server could not read it any more.",
        });
        return text.ToString().TrimEnd() + "\r\n";
    }

    static string Opening(Report report) => report.Kind switch
    {
        ReportKind.Failed => "Your message could not be delivered, and nobody tries again. It did not reach:",
        ReportKind.Expired => $"Your message could not be delivered for {Words(report.At - report.Message.ReceivedAt)}, and nobody tries again. It did not reach:",
        ReportKind.Delayed => $"Your message is late. After {Words(report.At - report.Message.ReceivedAt)} it has not yet reached:",
        ReportKind.Delivered => "You asked to be told: your message was delivered to:",
        ReportKind.Relayed => "You asked to be told: your message was handed to the next mail server on its way to:",
    };

    static void Write(StringBuilder text, Report report, ReportedRecipient one)
    {
        text.Append("  ").Append(one.Recipient.Address).Append("\r\n");
        switch (report.Kind)
        {
            case ReportKind.Delivered:
                break;
            case ReportKind.Relayed:
                Indented(text, $"Handed to {one.RemoteHost}.");
                break;
            case ReportKind.Delayed:
                Indented(text, Explain(report, one).What);
                Indented(text, $"This server goes on trying until {Date(Delivery.Expiry.Of(report.Message, one.Recipient, one.Settings))}.");
                Words(text, one);
                break;
            default:
                var (what, todo) = Explain(report, one);
                Indented(text, what);
                Indented(text, todo);
                Words(text, one);
                break;
        }
        text.Append("\r\n");
    }

    static Explanation Explain(Report report, ReportedRecipient one) => one.WasNotCollected
        ? Explanation.NotCollected(one.Recipient.Domain)
        : one.IsOurTrouble ? Explanation.OurTrouble(over: report.Kind is not ReportKind.Delayed)
        : Explanation.Of(one.Status(report.Kind), one.Recipient.Domain, one.Reply?.Whole ?? "");

    static void Words(StringBuilder text, ReportedRecipient one)
    {
        if (one.IsOurTrouble || one.Reply is not { } reply) return;
        Indented(text, one.IsHostsReply ? $"The server {one.RemoteHost} said:" : "The reason, as this server noted it:");
        Wrap(text, reply.Whole, "        ");
    }

    static void Line(StringBuilder text, string name, string? value)
    {
        if (value is not null) text.Append("  ").Append((name + ":").PadRight(12)).Append(value).Append("\r\n");
    }

    static void Paragraph(StringBuilder text, string words)
    {
        Wrap(text, words, "");
        text.Append("\r\n");
    }

    static void Indented(StringBuilder text, string words) => Wrap(text, words, "      ");

    /// <summary>In lines of readable length; a word that is longer, as only a stranger's can be, is cut.</summary>
    static void Wrap(StringBuilder text, string words, string indent)
    {
        var room = Width - indent.Length;
        var column = 0;
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => word.Chunk(room).Select(piece => new string(piece))))
        {
            if (column > 0 && column + 1 + word.Length > room)
            {
                text.Append("\r\n");
                column = 0;
            }
            text.Append(column == 0 ? indent : " ").Append(word);
            column += word.Length + (column == 0 ? 0 : 1);
        }
        text.Append("\r\n");
    }

    /// <summary>For people, in whole words, so that nobody takes the day for the month.</summary>
    static string Date(DateTimeOffset time) => time.UtcDateTime.ToString("dddd, d MMMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture);

    static string Words(TimeSpan age) => age switch
    {
        { TotalDays: >= 2 } => $"{(int)age.TotalDays} days",
        { TotalHours: >= 2 } => $"{(int)age.TotalHours} hours",
        { TotalMinutes: >= 2 } => $"{(int)age.TotalMinutes} minutes",
        _ => "a minute",
    };
}
