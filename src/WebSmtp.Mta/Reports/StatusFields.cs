using System.Globalization;
using System.Text;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Reports;

/// <summary>The part of a report that programs read. RFC 3464 section 2; with addresses beyond US-ASCII, RFC 6533 section 4.</summary>
static class StatusFields
{
    const int Width = 76;

    public static byte[] Write(Report report)
    {
        var text = new StringBuilder();
        var message = report.Message;
        Add("Original-Envelope-Id", message.EnvelopeId);
        Add("Reporting-MTA", $"dns; {report.Site.HostName}");
        if (message.HeloName is not "unknown") Add("Received-From-MTA", $"dns; {message.HeloName}");
        Add("Arrival-Date", Date(message.ReceivedAt));
        foreach (var one in report.Recipients)
        {
            text.Append("\r\n");
            Add("Original-Recipient", OriginalRecipient(one.Recipient.OriginalRecipient));
            Add("Final-Recipient", $"{(Ascii.IsValid(one.Recipient.Address) ? "rfc822" : "utf-8")}; {one.Recipient.Address}");
            Add("Action", report.Kind is ReportKind.Expired ? "failed" : report.Kind.ToString().ToLowerInvariant());
            Add("Status", one.Status(report.Kind).ToString());
            if (one.RemoteHost is { } host) Add("Remote-MTA", $"dns; {host}");
            if (one.Reply is { } reply && !one.IsOurTrouble && report.Kind is not ReportKind.Delivered) Add("Diagnostic-Code", $"{(one.IsHostsReply ? "smtp" : "X-WebSmtp")}; {reply.Whole}");
            if (one.Settlement.CountsAsAttempt) Add("Last-Attempt-Date", Date(report.At));
            if (report.Kind is ReportKind.Delayed) Add("Will-Retry-Until", Date(Delivery.Expiry.Of(message, one.Recipient, one.Settings)));
        }
        return Encoding.UTF8.GetBytes(text.ToString());

        void Add(string name, string? value)
        {
            if (value is not null) text.Append(Fold(name, Clean(value, report.IsGlobal)));
        }
    }

    /// <summary>What stands in a header: RFC 5322 section 3.3.</summary>
    public static string Date(DateTimeOffset time) => time.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);

    /// <summary>One line: what could end it, or is not to be read, becomes a question mark.</summary>
    public static string Clean(string text, bool international) =>
        string.Concat(text.Select(c => c is '\t' ? ' ' : char.IsControl(c) || c > '~' && !international ? '?' : c));

    /// <summary>It came as xtext. RFC 3464 section 2.3.1 wants it decoded.</summary>
    static string? OriginalRecipient(string? parameter)
    {
        if (parameter is null) return null;
        var (type, address) = (parameter.Split(';')[0], parameter[(parameter.IndexOf(';', StringComparison.Ordinal) + 1)..]);
        var decoded = Ascii.IsValid(address) ? Xtext.Decode(Encoding.ASCII.GetBytes(address)) : address;
        // An address of another kind may hold anything; what is no US-ASCII stays encoded unless its type allows it.
        return $"{type}; {(decoded is null || !Ascii.IsValid(decoded) && !type.Equals("utf-8", StringComparison.OrdinalIgnoreCase) ? address : decoded)}";
    }

    /// <summary>A field with its CRLF, broken at blanks.</summary>
    static string Fold(string name, string value)
    {
        var field = new StringBuilder(name).Append(':');
        var column = field.Length;
        foreach (var word in value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (column + 1 + word.Length > Width && column > name.Length + 1)
            {
                field.Append("\r\n");
                column = 0;
            }
            field.Append(' ').Append(word);
            column += 1 + word.Length;
        }
        return field.Append("\r\n").ToString();
    }
}
