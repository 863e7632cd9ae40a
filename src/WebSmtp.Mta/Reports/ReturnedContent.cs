using System.Text;
using MimeKit;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Settings;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Reports;

/// <summary>
/// What a report gives back of the message: all of it, octet by octet and unread, or its header. RFC 3461 section 4.3,
/// RFC 6522 section 3. Disposing closes the content.
/// </summary>
sealed class ReturnedContent(MimePart part, bool isFull) : IDisposable
{
    const int MostHeaderBytes = 64 * 1024, LongestLine = 998;

    public MimePart Part => part;
    public bool IsFull => isFull;

    /// <param name="full">False: the header at most.</param>
    /// <param name="global">The report needs SMTPUTF8 anyhow.</param>
    public static async Task<ReturnedContent> ReadAsync(IOutgoingContent content, bool full, bool global)
    {
        if (full)
        {
            var needs = await ScanAsync(content);
            // What DATA cannot carry could not be sent; a header in UTF-8 would ask for hosts that the report does not need.
            if (!needs.Binary && (!needs.EightBitHeader || global)) return await WholeAsync(content, needs);
        }
        return Header(await ReadHeaderAsync(content), global);
    }

    /// <summary>A failure gives back the message unless the sender wants less or it is too large; all else gives back the header.</summary>
    public static bool IsWantedWhole(Report report, long bytes) =>
        report.IsFailure && report.Message.Return is not DsnReturn.Headers && FitsInto(report.Site.Settings, bytes);

    public static bool FitsInto(SettingValues settings, long bytes) => settings.Get(SettingsTable.MaxReportSize) is var most && (most == 0 || bytes <= most);

    public void Dispose() => part.Dispose();

    static async Task<ContentNeeds> ScanAsync(IOutgoingContent content)
    {
        await using var stream = await content.OpenAsync(CancellationToken.None);
        return await ContentScan.ScanAsync(stream, CancellationToken.None);
    }

    static async Task<ReturnedContent> WholeAsync(IOutgoingContent content, ContentNeeds needs) => new(
        new MimePart("message", needs.EightBitHeader ? "global" : "rfc822")
        {
            Content = new MimeContent(await content.OpenAsync(CancellationToken.None)),
            ContentTransferEncoding = needs.EightBit ? ContentEncoding.EightBit : ContentEncoding.SevenBit,
        }, true);

    static ReturnedContent Header(byte[] header, bool global)
    {
        var ascii = Ascii.IsValid(header);
        var international = !ascii && global;
        return new(new MimePart(international ? "message" : "text", international ? "global-headers" : "rfc822-headers")
        {
            Content = new MimeContent(new MemoryStream(header)),
            ContentTransferEncoding = LongestLineOf(header) > LongestLine || !ascii && !global ? ContentEncoding.QuotedPrintable
                : ascii ? ContentEncoding.SevenBit
                : ContentEncoding.EightBit,
        }, false);
    }

    /// <summary>The lines before the first empty one; not more of them than anybody wants to read.</summary>
    static async Task<byte[]> ReadHeaderAsync(IOutgoingContent content)
    {
        var block = new byte[(int)Math.Min(MostHeaderBytes, content.Length)];
        await using var stream = await content.OpenAsync(CancellationToken.None);
        var got = await stream.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false);
        var end = block.AsSpan(0, got).IndexOf("\r\n\r\n"u8) is >= 0 and var empty ? empty : block.AsSpan(0, got).LastIndexOf("\r\n"u8);
        return end < 0 ? [] : block[..(end + 2)];
    }

    static int LongestLineOf(ReadOnlySpan<byte> text)
    {
        var longest = 0;
        foreach (var line in text.Split("\r\n"u8)) longest = Math.Max(longest, line.End.Value - line.Start.Value);
        return longest;
    }
}
