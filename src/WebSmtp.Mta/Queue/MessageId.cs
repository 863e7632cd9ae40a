using System.Diagnostics.CodeAnalysis;

namespace WebSmtp.Mta.Queue;

/// <summary>
/// A message's number: 41 bits of milliseconds since 2024, 8 of node, 14 of sequence. Sorts by age, is unique across
/// nodes, and is shown as 13 characters of Crockford base 32, which can be read over a telephone.
/// </summary>
public readonly record struct MessageId(long Value) : IComparable<MessageId>
{
    const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    internal static readonly DateTimeOffset Epoch = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>When the number was given out, to the millisecond.</summary>
    public DateTimeOffset Time => Epoch.AddMilliseconds(Value >> 22);

    /// <summary>The lowest number that could be given out at <paramref name="time"/> or later.</summary>
    public static MessageId AtOrAfter(DateTimeOffset time) =>
        new((long)Math.Max(0, (time - Epoch).TotalMilliseconds) << 22);

    public override string ToString() => string.Create(13, Value, static (text, value) =>
    {
        for (var i = text.Length - 1; i >= 0; i--, value >>= 5) text[i] = Digits[(int)(value & 31)];
    });

    /// <summary>Reads the text form; case does not matter, and O, I, L are taken for 0, 1, 1.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MessageId id)
    {
        id = default;
        if (text is not { Length: 13 }) return false;
        long value = 0;
        foreach (var c in text)
        {
            var digit = Digits.IndexOf(char.ToUpperInvariant(c) switch { 'O' => '0', 'I' or 'L' => '1', var other => other }, StringComparison.Ordinal);
            if (digit < 0 || value > long.MaxValue >> 5) return false;
            value = (value << 5) | (long)digit;
        }
        id = new(value);
        return true;
    }

    public int CompareTo(MessageId other) => Value.CompareTo(other.Value);
    public static bool operator <(MessageId left, MessageId right) => left.Value < right.Value;
    public static bool operator >(MessageId left, MessageId right) => left.Value > right.Value;
    public static bool operator <=(MessageId left, MessageId right) => left.Value <= right.Value;
    public static bool operator >=(MessageId left, MessageId right) => left.Value >= right.Value;
}
