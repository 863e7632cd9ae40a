using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary>A column of a table.</summary>
/// <param name="Right">Numbers stand at the right.</param>
sealed record Column(string Title, Func<JsonNode, string> Cell, bool Right = false)
{
    /// <summary>A column of a member.</summary>
    public static Column Of(string title, string member) => new(title, row => Output.Text(row[member]));
    public static Column Number(string title, string member) => new(title, row => Output.Text(row[member]), Right: true);
    public static Column Size(string title, string member) => new(title, row => Output.Size(row[member]?.GetValue<long>() ?? 0), Right: true);
    public static Column Time(string title, string member) => new(title, row => Output.Time(row[member]));
}

/// <summary>JSON for people.</summary>
static class Output
{
    public static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static void Table(JsonArray rows, IReadOnlyList<Column> columns, TextWriter output)
    {
        var lines = rows.Select(row => columns.Select(column => Printable(column.Cell(row!))).ToArray())
            .Prepend([.. columns.Select(column => column.Title)]).ToList();
        var widths = columns.Select((_, i) => lines.Max(line => line[i].Length)).ToArray();
        foreach (var line in lines)
        {
            var cells = line.Select((cell, i) => columns[i].Right ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            output.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }

    /// <summary>One member a line; what is inside an object stands below it.</summary>
    public static void Details(JsonObject members, TextWriter output, string indent = "")
    {
        var width = members.Max(member => member.Key.Length as int?) ?? 0;
        foreach (var (name, value) in members)
        {
            if (value is JsonObject inner && (inner.Count > 3 || inner.Any(member => member.Value is JsonObject)))
            {
                output.WriteLine($"{indent}{name}");
                Details(inner, output, indent + "  ");
            }
            else if (value is JsonArray items && items.Any(item => item is JsonObject))
            {
                output.WriteLine($"{indent}{name}");
                foreach (var item in items) output.WriteLine($"{indent}  {Printable(Text(item))}");
            }
            else
            {
                output.WriteLine($"{indent}{name.PadRight(width)}  {Printable(Text(value))}".TrimEnd());
            }
        }
    }

    /// <summary>C: and S: as ever, and how much is left out between.</summary>
    public static void Conversation(JsonNode conversation, TextWriter output)
    {
        var (lines, leftOut, after) = (conversation["lines"]!.AsArray(), conversation["leftOut"]!.GetValue<long>(), conversation["leftOutAfter"]!.GetValue<int>());
        output.WriteLine();
        for (var i = 0; i < lines.Count; i++)
        {
            if (i == after && leftOut > 0) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"… {leftOut} lines left out"));
            var who = lines[i]!["speaker"]!.GetValue<string>() switch { "client" => "C: ", "server" => "S: ", _ => "# " };
            output.WriteLine($"{Time(lines[i]!["at"])} {who}{Printable(Text(lines[i]!["text"]))}");
        }
    }

    public static string Text(JsonNode? value) => value switch
    {
        null => "-",
        JsonArray items => items.Count == 0 ? "-" : string.Join(", ", items.Select(Text)),
        JsonObject members => members.Count == 0 ? "-" : string.Join(", ", members.Select(member => $"{member.Key}={Text(member.Value)}")),
        _ when value.GetValueKind() is JsonValueKind.String => value.GetValue<string>(),
        _ => value.ToJsonString(Compact),
    };

    public static string Time(JsonNode? value) => value is null
        ? "-"
        : DateTimeOffset.Parse(value.GetValue<string>(), CultureInfo.InvariantCulture).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Size(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        for (; size >= 1024 && unit < Units.Length - 1; unit++) size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {Units[unit]}");
    }

    /// <summary>What a stranger wrote into a message must not steer the terminal.</summary>
    public static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
