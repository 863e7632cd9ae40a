using System.Security.Cryptography;
using System.Text;

namespace WebSmtp.Mta.Accounts;

/// <summary>The digest of CRAM-MD5. RFC 2195 section 2.</summary>
static class CramMd5
{
    public static bool Verify(byte[] secret, byte[] challenge, string digest)
    {
        var expected = Convert.ToHexStringLower(CryptographicOperations.HmacData(HashAlgorithmName.MD5, secret, challenge));
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(digest), Encoding.ASCII.GetBytes(expected));
    }
}
