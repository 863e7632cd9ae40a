using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace WebSmtp.Smtp.Addresses;

/// <summary>
/// A mailbox of an envelope: local part as sent (quotes kept) and domain, without source route. RFC 5321 section 4.1.2.
/// The domain is lower case, in A-label form unless it is an address literal; it is empty only for the bare
/// <c>postmaster</c> (section 4.5.1) and for names that a site completes with its default domain.
/// </summary>
public sealed record MailAddress(string LocalPart, string Domain)
{
    /// <summary>The null reverse-path <c>&lt;&gt;</c>.</summary>
    public static readonly MailAddress Null = new("", "");

    public bool IsNull => LocalPart.Length == 0;

    /// <summary>
    /// Reads an address without angle brackets, under the rules that hold on the wire. The empty text is
    /// <see cref="Null"/>.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out MailAddress? address)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        if (PathParser.TryReadMailbox(octets, out address, out var length) && length == octets.Length) return true;
        address = null;
        return false;
    }

    /// <summary>The address without angle brackets; empty for the null reverse-path.</summary>
    public override string ToString() => Domain.Length == 0 ? LocalPart : $"{LocalPart}@{Domain}";
}
