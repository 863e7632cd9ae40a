using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WebSmtp.Mta.Accounts;

/// <summary>Password hashes as they are stored: <c>pbkdf2-sha512$iterations$salt$hash</c>, salt and hash in base 64.</summary>
static class PasswordHash
{
    const string Scheme = "pbkdf2-sha512";
    const int Iterations = 210_000;
    const int SaltLength = 16;
    const int HashLength = 64;

    /// <summary>A hash of nothing that anybody could give: what unknown names are checked against, for equal time.</summary>
    public static readonly string OfNobody = Format(Iterations, new byte[SaltLength], new byte[HashLength]);

    public static string Make(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        return Format(Iterations, salt, Derive(password, salt, Iterations, HashLength));
    }

    /// <summary>Takes as long as making one. False also for text that is not such a hash.</summary>
    public static bool Verify(string password, string stored)
    {
        var parts = stored.Split('$');
        if (parts is not [Scheme, var iterations, var saltText, var hashText]
            || !int.TryParse(iterations, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > 10_000_000)
        {
            return false;
        }
        var salt = Convert.FromBase64String(saltText);
        var hash = Convert.FromBase64String(hashText);
        return CryptographicOperations.FixedTimeEquals(Derive(password, salt, count, hash.Length), hash);
    }

    static byte[] Derive(string password, byte[] salt, int iterations, int length) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA512, length);

    static string Format(int iterations, byte[] salt, byte[] hash) => string.Create(
        CultureInfo.InvariantCulture, $"{Scheme}${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
}
