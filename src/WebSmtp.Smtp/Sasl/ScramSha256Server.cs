using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WebSmtp.Smtp.Sasl;

/// <summary>
/// What a server keeps of a password for SCRAM-SHA-256: with it nobody can log in, and the password cannot be read from it.
/// RFC 5802 section 3, RFC 7677.
/// </summary>
public sealed record ScramKeys(byte[] Salt, int Iterations, byte[] StoredKey, byte[] ServerKey)
{
    /// <summary>Takes about as long as the iterations say.</summary>
    public static ScramKeys Of(string password, byte[] salt, int iterations)
    {
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(ScramSha256Client.Prepare(password)), salt, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        return new(salt, iterations, SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8)), HMACSHA256.HashData(salted, "Server Key"u8));
    }
}

/// <summary>The server's side of SCRAM-SHA-256 without channel binding. RFC 5802, RFC 7677. For one exchange.</summary>
sealed class ScramSha256Server(string nonce)
{
    string _gs2 = "", _clientFirst = "", _serverFirst = "", _nonce = "";

    public ScramSha256Server() : this(Convert.ToBase64String(RandomNumberGenerator.GetBytes(18))) { }

    /// <summary>The client's first message; null: it is none. Returns whom the client says it is.</summary>
    public string? ReadFirst(string message)
    {
        // n or y: no channel binding, which is not offered; then whom the user acts for, which may only be the user.
        if (message.Split(',', 3) is not [("n" or "y") and var flag, var actsFor, var bare]) return null;
        if (bare.Split(',') is not [['n', '=', .. var name], ['r', '=', .. { Length: > 0 } clientNonce], ..] || Unescape(name) is not { Length: > 0 } user) return null;
        if (!clientNonce.All(c => c is > ' ' and <= '~')) return null;
        if (actsFor.Length > 0 && (actsFor is not ['a', '=', .. var other] || Unescape(other) != user)) return null;
        (_gs2, _clientFirst, _nonce) = ($"{flag},{actsFor},", bare, clientNonce + nonce);
        return user;
    }

    public string Challenge(ScramKeys keys) => _serverFirst = string.Create(
        CultureInfo.InvariantCulture, $"r={_nonce},s={Convert.ToBase64String(keys.Salt)},i={keys.Iterations}");

    /// <summary>The client's last message: null: it is none. Else whether the client knows the password, and our own proof.</summary>
    public (bool Proved, string ServerFinal)? ReadFinal(string message, ScramKeys keys)
    {
        var at = message.LastIndexOf(",p=", StringComparison.Ordinal);
        if (at < 0) return null;
        var withoutProof = message[..at];
        if (withoutProof.Split(',') is not [['c', '=', .. var binding], ['r', '=', .. var both], ..]) return null;
        var (proof, bound) = (new byte[SHA256.HashSizeInBytes], new byte[binding.Length]);
        if (!Convert.TryFromBase64String(message[(at + 3)..], proof, out var length) || length != proof.Length) return null;
        if (!Convert.TryFromBase64String(binding, bound, out var boundLength)) return null;

        var signed = Encoding.UTF8.GetBytes($"{_clientFirst},{_serverFirst},{withoutProof}");
        var signature = HMACSHA256.HashData(keys.StoredKey, signed);
        for (var i = 0; i < proof.Length; i++) proof[i] ^= signature[i];
        var proved = CryptographicOperations.FixedTimeEquals(SHA256.HashData(proof), keys.StoredKey)
            && both == _nonce && Encoding.UTF8.GetString(bound, 0, boundLength) == _gs2;
        return (proved, $"v={Convert.ToBase64String(HMACSHA256.HashData(keys.ServerKey, signed))}");
    }

    /// <summary>RFC 5802 section 5.1; null: there is a '=' that stands for nothing.</summary>
    static string? Unescape(string name)
    {
        var text = name.Replace("=2C", ",", StringComparison.OrdinalIgnoreCase).Replace("=3D", "\0", StringComparison.OrdinalIgnoreCase);
        return text.Contains('=', StringComparison.Ordinal) || name.Contains('\0', StringComparison.Ordinal) ? null : text.Replace('\0', '=');
    }
}
