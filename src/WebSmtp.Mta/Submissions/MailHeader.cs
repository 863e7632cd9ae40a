using System.Text;
using MimeKit;

namespace WebSmtp.Mta.Submissions;

/// <summary>One field as it stands, folds and final CRLF included.</summary>
readonly record struct HeaderField(string Name, ReadOnlyMemory<byte> Bytes)
{
    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    ReadOnlySpan<byte> Body => Bytes.Span[(Bytes.Span.IndexOf((byte)':') + 1)..];

    /// <summary>Unfolded, without the blanks around it.</summary>
    public string Value => Encoding.UTF8.GetString(Body).Replace("\r\n", "", StringComparison.Ordinal).Trim();

    /// <summary>The mailboxes in it, of groups as well; null when it cannot be read.</summary>
    public IReadOnlyList<MailboxAddress>? Mailboxes
    {
        get
        {
            if (Value.Length == 0) return [];
            return InternetAddressList.TryParse(Body.ToArray(), out var list) ? [.. list.Mailboxes] : null;
        }
    }
}

/// <summary>A header field by field, byte for byte. RFC 5322 section 2.2.</summary>
/// <param name="Problem">Why it is none; null: it is one.</param>
sealed record MailHeader(IReadOnlyList<HeaderField> Fields, string? Problem)
{
    public bool Has(string name) => Fields.Any(field => field.Is(name));

    /// <param name="block">Lines that end in CRLF, without the empty one.</param>
    public static MailHeader Read(ReadOnlyMemory<byte> block)
    {
        var fields = new List<HeaderField>();
        for (var at = 0; at < block.Length;)
        {
            var end = at + EndOfField(block.Span[at..]);
            var name = NameOf(block.Span[at..end]);
            if (name is null) return new(fields, $"Line {Line(block.Span[..at])} is no header field, and no empty line ends the header before it.");
            fields.Add(new(name, block[at..end]));
            at = end;
        }
        return new(fields, null);
    }

    /// <summary>A field goes on with every line that begins with a blank.</summary>
    static int EndOfField(ReadOnlySpan<byte> text)
    {
        var end = 0;
        do
        {
            var line = text[end..].IndexOf("\r\n"u8);
            if (line < 0) return text.Length;
            end += line + 2;
        }
        while (end < text.Length && text[end] is (byte)' ' or (byte)'\t');
        return end;
    }

    static string? NameOf(ReadOnlySpan<byte> field)
    {
        var colon = field.IndexOf((byte)':');
        if (colon <= 0) return null;
        // Blanks before the colon are obsolete, and read. RFC 5322 section 4.5.
        var name = field[..colon].TrimEnd(" \t"u8);
        return name.IsEmpty || name.IndexOfAnyExceptInRange((byte)'!', (byte)'~') >= 0 ? null : Encoding.ASCII.GetString(name);
    }

    static int Line(ReadOnlySpan<byte> before) => before.Count((byte)'\n') + 1;
}
