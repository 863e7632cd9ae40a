using System.Buffers;
using System.Text;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Submissions;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// Shows <c>masqueradeDomain</c> instead of the site's own domains (its default domain and the aliases) on mail that leaves
/// over SMTP: in the envelope sender, and in the From field, whose other bytes stay. Reports, which have the null sender,
/// and mail that a DKIM signature protects are left alone.
/// </summary>
static class Masquerade
{
    const string Signed = "masqueradeDomain was not applied: the message has a DKIM signature";
    const int BlockBytes = 16 * 1024;
    const int MaxHeaderBytes = 1024 * 1024;

    static readonly SearchValues<byte> Special = SearchValues.Create("\"(@\\="u8);
    static readonly SearchValues<byte> InDomain = SearchValues.Create(
        [.. "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"u8, .. Enumerable.Range(0x80, 0x80).Select(octet => (byte)octet)]);

    /// <summary>Sender and content as they leave, and what the trace should say about it.</summary>
    /// <param name="site">Null: it is gone, and with it its settings.</param>
    public static async ValueTask<(MailAddress From, IOutgoingContent Content, string? Note)> ApplyAsync(
        SiteSnapshot? site, LeasedMessage leased, IOutgoingContent content, CancellationToken stop)
    {
        var sender = Transmission.Address(leased.Message.MailFrom);
        if (site is null || sender.IsNull) return (sender, content, null);
        var domain = (site.RuleFor(leased.Recipients[0].Domain)?.Settings ?? site.Settings).Get(SettingsTable.MasqueradeDomain);
        if (domain.Length == 0) return (sender, content, null);

        var header = await ReadHeaderAsync(content, stop);
        if (header.Has("DKIM-Signature")) return (sender, content, Signed);
        return (IsOwn(site, sender.Domain) ? sender with { Domain = domain } : sender, Rewritten(site, header, content, domain), null);
    }

    static bool IsOwn(SiteSnapshot site, string domain) => site.RuleFor(domain)?.Kind is DomainKind.Default or DomainKind.Alias;

    static IOutgoingContent Rewritten(SiteSnapshot site, MailHeader header, IOutgoingContent content, string domain)
    {
        var start = 0L;
        foreach (var field in header.Fields)
        {
            if (field.Is("From"))
            {
                var rewritten = Rewrite(field.Bytes.Span, name => IsOwn(site, name), domain);
                return rewritten is null ? content : new SplicedContent(content, start, field.Bytes.Length, rewritten);
            }
            start += field.Bytes.Length;
        }
        return content;
    }

    /// <summary>The field with other domains behind its <c>@</c>, outside of names and comments; null when none is an own one.</summary>
    internal static byte[]? Rewrite(ReadOnlySpan<byte> field, Func<string, bool> isOwn, string domain)
    {
        var rewritten = new ArrayBufferWriter<byte>(field.Length + domain.Length);
        var changed = false;
        while (field.IndexOfAny(Special) is var at and >= 0)
        {
            var length = field[at] switch
            {
                (byte)'"' => QuotedLength(field[at..]),
                (byte)'(' => CommentLength(field[at..]),
                (byte)'=' => EncodedWordLength(field[at..]),
                (byte)'\\' => Math.Min(2, field.Length - at),
                _ => 1,
            };
            rewritten.Write(field[..(at + length)]);
            var isAddress = field[at] is (byte)'@';
            field = field[(at + length)..];
            if (!isAddress) continue;

            var end = field.IndexOfAnyExcept(InDomain);
            var name = end < 0 ? field : field[..end];
            if (!DomainName.TryParse(Encoding.UTF8.GetString(name), out var parsed) || !isOwn(parsed)) continue;
            rewritten.Write(Encoding.ASCII.GetBytes(domain));
            field = field[name.Length..];
            changed = true;
        }
        if (!changed) return null;
        rewritten.Write(field);
        return rewritten.WrittenSpan.ToArray();
    }

    static int QuotedLength(ReadOnlySpan<byte> text)
    {
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] is (byte)'\\') i++;
            else if (text[i] is (byte)'"') return i + 1;
        }
        return text.Length;
    }

    static int CommentLength(ReadOnlySpan<byte> text)
    {
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is (byte)'\\') i++;
            else if (text[i] is (byte)'(') depth++;
            else if (text[i] is (byte)')' && --depth == 0) return i + 1;
        }
        return text.Length;
    }

    /// <summary>RFC 2047 section 2: <c>=?charset?encoding?text?=</c>; 1 where it is only an equals sign.</summary>
    static int EncodedWordLength(ReadOnlySpan<byte> text)
    {
        if (text is not [(byte)'=', (byte)'?', ..]) return 1;
        var at = 2;
        for (var marks = 0; marks < 2; marks++)
        {
            var mark = text[at..].IndexOf((byte)'?');
            if (mark < 0) return 1;
            at += mark + 1;
        }
        var end = text[at..].IndexOf("?="u8);
        return end < 0 ? 1 : at + end + 2;
    }

    static async ValueTask<MailHeader> ReadHeaderAsync(IOutgoingContent content, CancellationToken stop)
    {
        var head = new ArrayBufferWriter<byte>(BlockBytes);
        await using var stream = await content.OpenAsync(stop);
        while (head.WrittenCount < MaxHeaderBytes)
        {
            var searched = Math.Max(0, head.WrittenCount - 3);
            var got = await stream.ReadAsync(head.GetMemory(BlockBytes), stop);
            head.Advance(got);
            var end = head.WrittenSpan[searched..].IndexOf("\r\n\r\n"u8);
            if (end >= 0) return MailHeader.Read(head.WrittenMemory[..(searched + end + 2)]);
            if (got == 0) break;
        }
        return MailHeader.Read(head.WrittenMemory);
    }
}
