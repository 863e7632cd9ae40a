using System.Buffers;
using System.Globalization;
using System.Text;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Submissions;

/// <summary>
/// The way in for messages that do not come over SMTP, by the rules of those that do: quotas, limits, Received, commit.
/// The content comes as people write it: every line end becomes CRLF, Bcc is taken out, a missing Date or Message-ID is
/// added (RFC 6409 section 8), all else stays byte for byte. Thread-safe.
/// </summary>
public sealed partial class Submission(MailSinkFactory acceptance, Audit audit)
{
    const int BlockBytes = 64 * 1024;
    const int MaxHeaderBytes = 1024 * 1024;

    static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF];

    static readonly MailHeader TooLong = new([], $"The header is longer than {MaxHeaderBytes} bytes.");

    internal async Task<SubmissionResult> SubmitAsync(SiteSnapshot site, SubmissionRequest request, Stream content, CancellationToken stop)
    {
        var lines = new LineEnds();
        var head = new ArrayBufferWriter<byte>(BlockBytes);
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        var envelope = new Envelope(acceptance, site);
        try
        {
            var (header, body) = await ReadHeaderAsync(content, lines, head, block, stop);
            if (header.Problem is { } noHeader) return Refused(Malformed(noHeader), "content");
            var said = SubmittedEnvelope.Read(request, header);
            if (said.Wrong is { } wrong) return Refused(Malformed(wrong.Problem), wrong.Field);
            if (said.Fields.Count == 0) return Refused(Malformed("There is no header."), "content");
            if (await OfferAsync(envelope, site, request, said, stop) is { } refusal) return Refused(refusal, "rcptTo");

            await using var message = envelope.Receive(request.Origin, said.From!, ParametersOf(request, said), said.Recipients, request.Id);
            message.ViaSmartHost = request.ViaSmartHost;
            WriteHeader(said, message, site);
            message.Write(body.Span);
            if (await CopyAsync(content, lines, message, block, stop) is { } refused) return Refused(refused, "content");
            if (site.Settings.Get(SettingsTable.MaxTextLine) is > 0 and var longest && lines.LongestLine > longest)
                return Refused(Malformed($"A line has {lines.LongestLine} bytes; at most {longest} are taken."), "content");
            if (lines.EightBit) message.Declare(BodyType.EightBitMime);
            return new(await message.CommitAsync(), message.Id, "content");
        }
        finally
        {
            envelope.LetGo();
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    static SubmissionResult Refused(Reply reply, string field) => new(reply, default, field);

    static Reply Malformed(string why) => new(554, 5, 6, 0, why);

    static async ValueTask<Reply?> OfferAsync(
        Envelope envelope, SiteSnapshot site, SubmissionRequest request, SubmittedEnvelope said, CancellationToken stop)
    {
        var most = site.Settings.Get(SettingsTable.MaxRecipientsPerMessage);
        if (said.Recipients.Count > most)
            return new(550, 5, 5, 3, string.Create(CultureInfo.InvariantCulture, $"There are {said.Recipients.Count} recipients; a message may have {most}"));
        if (envelope.Begin(request.Size) is { } noRoom) return noRoom;
        foreach (var recipient in said.Recipients)
            if (await envelope.OfferAsync(recipient.Address, request.Refuse, stop) is { } refusal) return refusal;
        return null;
    }

    /// <summary>Addresses that are not ASCII need SMTPUTF8; raw octets in a header are only what they always were.</summary>
    static MailParameters ParametersOf(SubmissionRequest request, SubmittedEnvelope said) =>
        said.Recipients.Select(recipient => recipient.Address).Append(said.From!).All(address => Ascii.IsValid(address.ToString()))
            ? request.Parameters
            : request.Parameters with { SmtpUtf8 = true };

    void WriteHeader(SubmittedEnvelope said, IncomingMessage message, SiteSnapshot site)
    {
        if (!said.Fields.Any(field => field.Is("Date")))
            Write(message, $"Date: {acceptance.Time.GetUtcNow().ToString("ddd, d MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture)}\r\n");
        if (!said.Fields.Any(field => field.Is("Message-ID"))) Write(message, $"Message-ID: <{message.Id}@{site.HostName}>\r\n");
        foreach (var field in said.Fields)
            if (!field.Is("Bcc") && !field.Is("Resent-Bcc")) message.Write(field.Bytes.Span);
    }

    static void Write(IncomingMessage message, string field) => message.Write(Encoding.UTF8.GetBytes(field));

    /// <summary>
    /// The header, and what was read beyond it: the empty line and the begin of the body. A byte order mark and empty
    /// lines in front of it are what editors left there.
    /// </summary>
    static async ValueTask<(MailHeader Header, ReadOnlyMemory<byte> Body)> ReadHeaderAsync(
        Stream content, LineEnds lines, ArrayBufferWriter<byte> head, byte[] block, CancellationToken stop)
    {
        var start = 0;
        for (var isFirst = true; ; isFirst = false)
        {
            var searched = Math.Max(start, head.WrittenCount - 3);
            var got = isFirst
                ? await content.ReadAtLeastAsync(block, Mark.Length, throwOnEndOfStream: false, stop)
                : await content.ReadAsync(block, stop);
            var mark = isFirst && block.AsSpan(0, got).StartsWith(Mark) ? Mark.Length : 0;
            if (got == 0) lines.Complete(head);
            else lines.Write(block.AsSpan(mark, got - mark), head);

            var text = head.WrittenMemory;
            while (text.Span[start..].StartsWith("\r\n"u8)) searched = start += 2;
            var end = text.Span[searched..].IndexOf("\r\n\r\n"u8);
            if (end >= 0) return (MailHeader.Read(text[start..(searched + end + 2)]), text[(searched + end + 2)..]);
            if (got == 0) return (MailHeader.Read(text[start..]), default);
            if (text.Length > MaxHeaderBytes) return (TooLong, default);
        }
    }

    /// <summary>The rest of the content. Null: all of it was taken.</summary>
    static async ValueTask<Reply?> CopyAsync(Stream content, LineEnds lines, IncomingMessage message, byte[] block, CancellationToken stop)
    {
        while (true)
        {
            if (await message.FlushAsync(stop) is { } refusal) return refusal;
            var got = await content.ReadAsync(block, stop);
            if (got == 0) break;
            lines.Write(block.AsSpan(0, got), message);
        }
        lines.Complete(message);
        return null;
    }
}
