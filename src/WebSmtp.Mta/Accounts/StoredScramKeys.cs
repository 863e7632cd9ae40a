using System.Buffers.Binary;
using System.Security.Cryptography;
using WebSmtp.Smtp.Sasl;

namespace WebSmtp.Mta.Accounts;

/// <summary>Keys of SCRAM-SHA-256 as octets, to be encrypted: iterations, salt, stored key, server key.</summary>
static class StoredScramKeys
{
    /// <summary>As many as make the password hash: these keys are no shorter way to the password.</summary>
    const int Iterations = 210_000;
    const int SaltLength = 16, KeyLength = 32, Length = sizeof(int) + SaltLength + 2 * KeyLength;

    public static byte[] Make(string password)
    {
        var keys = ScramKeys.Of(password, RandomNumberGenerator.GetBytes(SaltLength), Iterations);
        var octets = new byte[Length];
        BinaryPrimitives.WriteInt32BigEndian(octets, keys.Iterations);
        keys.Salt.CopyTo(octets, sizeof(int));
        keys.StoredKey.CopyTo(octets, sizeof(int) + SaltLength);
        keys.ServerKey.CopyTo(octets, sizeof(int) + SaltLength + KeyLength);
        return octets;
    }

    /// <summary>Null: it is something else.</summary>
    public static ScramKeys? Read(byte[]? octets) => octets is not { Length: Length } ? null : new(
        octets[sizeof(int)..(sizeof(int) + SaltLength)], BinaryPrimitives.ReadInt32BigEndian(octets),
        octets[(sizeof(int) + SaltLength)..^KeyLength], octets[^KeyLength..]);

    /// <summary>For names that nobody has: the same for one name each time, and no proof fits them.</summary>
    public static ScramKeys OfNobody(byte[] secret, string username)
    {
        var salt = HMACSHA256.HashData(secret, System.Text.Encoding.UTF8.GetBytes(username.ToUpperInvariant()))[..SaltLength];
        return new(salt, Iterations, RandomNumberGenerator.GetBytes(KeyLength), RandomNumberGenerator.GetBytes(KeyLength));
    }
}
