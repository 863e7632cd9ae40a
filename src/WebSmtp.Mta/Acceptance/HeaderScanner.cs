using MimeKit.Utils;

namespace WebSmtp.Mta.Acceptance;

/// <summary>
/// Looks at the header block while it arrives, in pieces of any size, without keeping it: counts Received fields, and
/// picks the two fields that lists show. Memory is bounded whatever comes. RFC 5322 section 2.2.
/// </summary>
sealed class HeaderScanner
{
    const int MaxValueBytes = 2048, MaxShown = 250;

    /// <summary>Longest field name that matters: <c>message-id</c>.</summary>
    const int MaxNameBytes = 10;

    enum Place { LineStart, Name, Value, Skipped }

    readonly byte[] _name = new byte[MaxNameBytes];
    int _nameLength;
    Place _place = Place.LineStart;
    List<byte>? _picked;
    List<byte>? _subject;
    List<byte>? _messageId;
    bool _blank = true;

    public int ReceivedFields { get; private set; }

    /// <summary>The empty line was seen: the rest is no business of ours.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Decoded, for display; null when there is none.</summary>
    public string? Subject => Shown(_subject is null ? null : Rfc2047.DecodeText([.. _subject]));

    public string? MessageId => Shown(_messageId is null ? null : System.Text.Encoding.Latin1.GetString([.. _messageId]));

    public void Read(ReadOnlySpan<byte> bytes)
    {
        while (!IsOver && !bytes.IsEmpty)
        {
            if (_place is Place.Skipped)
            {
                var end = bytes.IndexOf((byte)'\n');
                if (end < 0) return;
                bytes = bytes[(end + 1)..];
                _place = Place.LineStart;
                continue;
            }
            Take(bytes[0]);
            bytes = bytes[1..];
        }
    }

    void Take(byte next)
    {
        if (_place is Place.LineStart)
        {
            if (next is (byte)'\r') return;
            if (next is (byte)'\n')
            {
                IsOver = true;
                return;
            }
            if (next is (byte)' ' or (byte)'\t')
            {
                // A folded line goes on with the field before it.
                _place = _picked is null ? Place.Skipped : Place.Value;
                if (_picked is not null) Pick((byte)' ');
                return;
            }
            (_nameLength, _picked, _place) = (0, null, Place.Name);
        }
        if (next is (byte)'\n') _place = Place.LineStart;
        else if (_place is Place.Value) Pick(next);
        else if (next is (byte)':') BeginValue();
        else if (next is not ((byte)' ' or (byte)'\t')) Name(next);
    }

    void Name(byte next)
    {
        if (_nameLength < MaxNameBytes) _name[_nameLength++] = (byte)char.ToLowerInvariant((char)next);
        else _place = Place.Skipped;
    }

    void BeginValue()
    {
        var name = _name.AsSpan(0, _nameLength);
        if (name.SequenceEqual("received"u8)) ReceivedFields++;
        else if (_subject is null && name.SequenceEqual("subject"u8)) _picked = _subject = [];
        else if (_messageId is null && name.SequenceEqual("message-id"u8)) _picked = _messageId = [];
        _blank = true;
        _place = _picked is null ? Place.Skipped : Place.Value;
    }

    void Pick(byte next)
    {
        if (next is (byte)'\r' || _picked!.Count >= MaxValueBytes) return;
        var blank = next is (byte)' ' or (byte)'\t';
        if (!(blank && _blank)) _picked.Add(blank ? (byte)' ' : next);
        _blank = blank;
    }

    static string? Shown(string? text)
    {
        if (text is null) return null;
        var clean = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        if (clean.Length == 0) return null;
        if (clean.Length <= MaxShown) return clean;
        return clean[..(char.IsHighSurrogate(clean[MaxShown - 1]) ? MaxShown - 1 : MaxShown)];
    }
}
