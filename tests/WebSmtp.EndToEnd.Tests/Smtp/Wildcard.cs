using System.Text.RegularExpressions;

namespace WebSmtp.EndToEnd.Tests.Smtp;

/// <summary>Patterns of transcripts: <c>*</c> stands for any text.</summary>
static class Wildcard
{
    public static bool Matches(string pattern, string text) => Regex.IsMatch(
        text, $"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$", RegexOptions.Singleline, TimeSpan.FromSeconds(5));
}
