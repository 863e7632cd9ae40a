using System.Globalization;
using System.Text;

namespace WebSmtp.Smtp.Server;

/// <summary>Lines as they may be shown: secrets taken out, nothing in them that could forge a line.</summary>
static class Transcript
{
    /// <summary>Stands for a response of an AUTH exchange.</summary>
    public const string Secret = "*";

    /// <summary>RFC 4422 section 3.1. What is longer is no mechanism, and may be a password.</summary>
    const int MaxMechanism = 20;

    public static string Command(ReadOnlySpan<byte> line)
    {
        var text = string.Create(line.Length, line, static (target, octets) =>
        {
            for (var i = 0; i < octets.Length; i++) target[i] = octets[i] is < 0x20 or 0x7f ? '?' : (char)octets[i];
        });
        if (!System.Text.Ascii.IsValid(line)) text = Clean(Encoding.UTF8.GetString(line));
        return WithoutSecret(text);
    }

    public static string Content(long octets) => string.Create(CultureInfo.InvariantCulture, $"({octets} octets of content)");

    static string Clean(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    /// <summary>Whatever follows the mechanism is a secret, however badly the line is written.</summary>
    static string WithoutSecret(string text)
    {
        if (!text.AsSpan().TrimStart().StartsWith("AUTH", StringComparison.OrdinalIgnoreCase)) return text;
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words[0].Length > "AUTH".Length) return $"{words[0][..4]}{Secret}";
        if (words.Length > 1 && words[1].Length > MaxMechanism) return $"{words[0]} {Secret}";
        return words.Length > 2 ? $"{words[0]} {words[1]} {Secret}" : text;
    }
}
