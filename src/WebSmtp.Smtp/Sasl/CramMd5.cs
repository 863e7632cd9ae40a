using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WebSmtp.Smtp.Sasl;

/// <summary>The server's side of CRAM-MD5. RFC 2195. Who checks the digest holds the password.</summary>
static class CramMd5
{
    const int DigestLength = 32;
    static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    /// <summary>A challenge that was never given before: <c>&lt;random.time@host&gt;</c>.</summary>
    public static byte[] NewChallenge(string hostName, DateTimeOffset now) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"<{RandomNumberGenerator.GetHexString(16, lowercase: true)}.{now.ToUnixTimeMilliseconds()}@{hostName}>"));

    /// <summary>Reads <c>user digest</c>; the user may hold blanks. The digest comes out in lower case.</summary>
    public static bool TryReadResponse(
        string response, [NotNullWhen(true)] out string? user, [NotNullWhen(true)] out string? digest)
    {
        (user, digest) = (null, null);
        var blank = response.LastIndexOf(' ');
        if (blank < 1) return false;
        var hex = response[(blank + 1)..].ToLowerInvariant();
        if (hex.Length != DigestLength || hex.AsSpan().ContainsAnyExcept(Hexadecimal)) return false;
        (user, digest) = (response[..blank], hex);
        return true;
    }
}
