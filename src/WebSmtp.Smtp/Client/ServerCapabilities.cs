using System.Collections.Frozen;

namespace WebSmtp.Smtp.Client;

/// <summary>The extensions that a server offered in its EHLO reply: keyword to parameters, compared without case.</summary>
public sealed class ServerCapabilities(FrozenDictionary<string, string> keywords)
{
    public static readonly ServerCapabilities None =
        new(FrozenDictionary.ToFrozenDictionary<string, string>([], StringComparer.OrdinalIgnoreCase));

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

    /// <summary>The largest message the server takes, in bytes; null when it did not say or said 0 (no fixed limit).</summary>
    public long? MaxSize => long.TryParse(Parameters("SIZE"), out var size) && size > 0 ? size : null;
}
