using System.Collections.Frozen;
using System.Globalization;

namespace WebSmtp.Smtp.Client;

/// <summary>
/// The extensions that a server offered in its EHLO reply: keyword to parameters, in a dictionary that compares without
/// case.
/// </summary>
public sealed class ServerCapabilities(IReadOnlyDictionary<string, string> keywords)
{
    public static readonly ServerCapabilities None = new(FrozenDictionary<string, string>.Empty);

    /// <summary>
    /// Reads an EHLO reply; what is not a keyword is passed over. RFC 5321 section 4.1.1.1. In a turned session
    /// CHUNKING and BINARYMIME count as not offered: see <see cref="ClientSessionOptions.Turned"/>.
    /// </summary>
    internal static ServerCapabilities FromReply(Reply hello, bool turned)
    {
        var keywords = new Dictionary<string, string>(hello.Lines.Count, StringComparer.OrdinalIgnoreCase);
        foreach (var line in hello.Lines.Skip(1))
        {
            // Servers older than the standard write an equals sign behind AUTH.
            var old = line.StartsWith("AUTH=", StringComparison.OrdinalIgnoreCase);
            var end = old ? 4 : line.IndexOf(' ', StringComparison.Ordinal);
            var keyword = end < 0 ? line : line[..end];
            if (keyword.Length == 0 || !keyword.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')) continue;
            keywords.TryAdd(keyword, end < 0 ? "" : line[(end + 1)..].Trim());
        }
        if (turned)
        {
            keywords.Remove("CHUNKING");
            keywords.Remove("BINARYMIME");
        }
        return new(keywords);
    }

    public bool Has(string keyword) => keywords.ContainsKey(keyword);

    /// <summary>What followed the keyword; empty when nothing did, null when the keyword was not there.</summary>
    public string? Parameters(string keyword) => keywords.GetValueOrDefault(keyword);

    public bool Pipelining => Has("PIPELINING");
    public bool EightBitMime => Has("8BITMIME");
    public bool BinaryMime => Has("BINARYMIME") && Has("CHUNKING");
    public bool Chunking => Has("CHUNKING");
    public bool SmtpUtf8 => Has("SMTPUTF8");
    public bool Dsn => Has("DSN");
    public bool StartTls => Has("STARTTLS");
    public bool EnhancedStatusCodes => Has("ENHANCEDSTATUSCODES");

    /// <summary>SASL mechanisms to log in with, in capitals.</summary>
    public IReadOnlyList<string> AuthMechanisms =>
        Parameters("AUTH")?.ToUpperInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>The largest message the server takes, in bytes; null when it did not say, or said 0.</summary>
    public long? MaxSize =>
        long.TryParse(Parameters("SIZE"), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0
            ? size
            : null;
}
