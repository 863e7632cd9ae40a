using System.Globalization;
using System.Text;
using System.Xml;

namespace WebSmtp.Admin.Settings;

/// <summary>Durations and sizes as people write them: "15 min", "1 h 30 min", "10 MiB". What is written here is read back as the same.</summary>
static class UnitText
{
    const int MaxLength = 100;
    const decimal MaxNumber = 1_000_000_000_000;

    static readonly (string Name, long Ticks, string[] Others)[] Times =
    [
        ("days", TimeSpan.TicksPerDay, ["d", "day"]),
        ("h", TimeSpan.TicksPerHour, ["hour", "hours"]),
        ("min", TimeSpan.TicksPerMinute, ["m", "minute", "minutes"]),
        ("s", TimeSpan.TicksPerSecond, ["sec", "second", "seconds"]),
        ("ms", TimeSpan.TicksPerMillisecond, []),
    ];

    // The binary ones first: what can be said in them is.
    static readonly (string Name, long Bytes)[] Sizes =
    [
        ("GiB", 1L << 30), ("GB", 1_000_000_000), ("MiB", 1L << 20), ("MB", 1_000_000), ("KiB", 1L << 10), ("kB", 1000), ("bytes", 1),
    ];

    public static string Write(TimeSpan time)
    {
        if (time == TimeSpan.Zero) return "0 s";
        var text = new StringBuilder();
        var rest = time.Ticks;
        foreach (var (name, ticks, _) in Times)
        {
            // 36 hours are read more easily than a day and 12 hours; so are 90 days.
            if (rest < ticks || ticks == TimeSpan.TicksPerDay && rest % ticks != 0 && rest < 3 * ticks) continue;
            var count = rest / ticks;
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 0 ? " " : "")}{count} {(name is "days" && count is 1 ? "day" : name)}");
            rest -= count * ticks;
        }
        return text.ToString();
    }

    /// <summary>Takes ISO 8601 as well. Null: not a duration.</summary>
    public static TimeSpan? ReadTime(string text)
    {
        text = text.Trim();
        if (text.Length is 0 or > MaxLength) return null;
        if (text == "0") return TimeSpan.Zero;
        if (text[0] is 'P' or 'p') return ReadIso(text.ToUpperInvariant());
        decimal ticks = 0;
        var rest = text.AsSpan();
        while ((rest = rest.TrimStart(" ,")).Length > 0)
        {
            if (TakeNumber(ref rest) is not { } number || TakeWord(ref rest) is not { Length: > 0 } word) return null;
            var unit = Array.Find(Times, unit => Is(unit.Name, word) || Array.Exists(unit.Others, other => Is(other, word)));
            if (unit.Ticks == 0 || number > MaxNumber) return null;
            ticks += number * unit.Ticks;
            if (ticks > long.MaxValue / 2) return null;
        }
        return TimeSpan.FromTicks((long)ticks);
    }

    public static string Write(long bytes)
    {
        if (bytes == 0) return "0";
        var (name, size) = Sizes.First(unit => bytes % unit.Bytes == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / size} {name}");
    }

    /// <summary>A number without a unit is of bytes. Null: not a size.</summary>
    public static long? ReadSize(string text)
    {
        text = text.Trim();
        if (text.Length is 0 or > MaxLength) return null;
        var rest = text.AsSpan();
        if (TakeNumber(ref rest) is not { } number) return null;
        var word = TakeWord(ref rest);
        if (rest.Trim().Length > 0) return null;
        var factor = word.Length == 0 || Is("byte", word) || Is("b", word) ? 1
            : Array.Find(Sizes, unit => Is(unit.Name, word) || Is(unit.Name[..1], word) && unit.Name.Contains('i', StringComparison.Ordinal)).Bytes;
        if (factor == 0 || number * factor > long.MaxValue / 2) return null;
        return number * factor % 1 == 0 ? (long)(number * factor) : null;
    }

    static TimeSpan? ReadIso(string text)
    {
        try
        {
            return XmlConvert.ToTimeSpan(text);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }

    static decimal? TakeNumber(ref ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && (char.IsAsciiDigit(text[length]) || text[length] is '.')) length++;
        if (length > 18 || !decimal.TryParse(text[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return null;
        text = text[length..].TrimStart();
        return number;
    }

    static string TakeWord(ref ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && char.IsAsciiLetter(text[length])) length++;
        var word = text[..length].ToString();
        text = text[length..];
        return word;
    }

    static bool Is(string name, string word) => string.Equals(name, word, StringComparison.OrdinalIgnoreCase);
}
