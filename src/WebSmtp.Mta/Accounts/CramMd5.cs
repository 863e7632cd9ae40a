using System.Security.Cryptography;
using System.Text;

namespace WebSmtp.Mta.Accounts;

/// <summary>The digest of CRAM-MD5. RFC 2195 section 2.</summary>
static class CramMd5
{
    public static bool Verify(byte[] secret, byte[] challenge, string digest)
    {
        // CA5351: the mechanism is defined with MD5; an administrator chooses it for clients that have nothing better.
#pragma warning disable CA5351
        var expected = Convert.ToHexStringLower(HMACMD5.HashData(secret, challenge));
#pragma warning restore CA5351
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(digest), Encoding.ASCII.GetBytes(expected));
    }
}
