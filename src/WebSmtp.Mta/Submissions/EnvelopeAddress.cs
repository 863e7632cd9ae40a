using System.Diagnostics.CodeAnalysis;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Submissions;

/// <summary>Addresses of an envelope as people write them: with angle brackets or without.</summary>
static class EnvelopeAddress
{
    /// <summary>A source route is read and ignored, as SMTP does. RFC 5321 appendix C.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out MailAddress? address)
    {
        if (text is ['<', .., '>']) text = text[1..^1];
        if (!text.StartsWith('@')) return MailAddress.TryParse(text, out address);
        address = null;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        // Each host is one that a mailbox may have.
        return colon > 0 && text[..colon].Split(',').All(host => host.StartsWith('@') && MailAddress.TryParse("host" + host, out _))
            && MailAddress.TryParse(text[(colon + 1)..], out address) && address.Domain.Length > 0;
    }
}
