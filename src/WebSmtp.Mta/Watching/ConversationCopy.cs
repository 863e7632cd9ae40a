using System.Globalization;
using System.Text;

namespace WebSmtp.Mta.Watching;

/// <summary>A conversation as it was at one moment: its first lines, how many are left out, its last lines.</summary>
public sealed record ConversationCopy(IReadOnlyList<ConversationLine> First, long LeftOut, IReadOnlyList<ConversationLine> Last)
{
    const char Gap = '~';

    public static readonly ConversationCopy Empty = new([], 0, []);

    public bool IsEmpty => First.Count == 0 && Last.Count == 0;

    /// <summary>Time, speaker and text of each line, as it is stored with a collection.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var line in First) Append(text, line);
        if (LeftOut > 0) text.Append(CultureInfo.InvariantCulture, $"{Gap} {LeftOut}\n");
        foreach (var line in Last) Append(text, line);
        return text.ToString();
    }

    /// <summary>Reads what <see cref="ToText"/> wrote; lines that it does not understand are passed over.</summary>
    public static ConversationCopy Parse(string text)
    {
        List<ConversationLine> first = [], last = [];
        var leftOut = 0L;
        var lines = first;
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith(Gap) && long.TryParse(line.AsSpan(1), CultureInfo.InvariantCulture, out leftOut)) lines = last;
            else if (Read(line) is { } read) lines.Add(read);
        }
        return new(first, leftOut, last);
    }

    static void Append(StringBuilder text, ConversationLine line)
    {
        var who = line.Speaker switch { Speaker.Client => 'C', Speaker.Server => 'S', _ => 'N' };
        text.Append(CultureInfo.InvariantCulture, $"{line.At.ToUnixTimeMilliseconds()} {who}{(line.Ours ? '+' : '-')} {line.Text}\n");
    }

    static ConversationLine? Read(string line)
    {
        var blank = line.IndexOf(' ', StringComparison.Ordinal);
        if (blank < 0 || line.Length < blank + 4 || !long.TryParse(line.AsSpan(0, blank), CultureInfo.InvariantCulture, out var at)) return null;
        var who = line[blank + 1] switch { 'C' => Speaker.Client, 'S' => Speaker.Server, _ => Speaker.Note };
        return new(DateTimeOffset.FromUnixTimeMilliseconds(at), who, line[blank + 2] == '+', line[(blank + 4)..]);
    }
}
