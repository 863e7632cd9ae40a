using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WebSmtp.Smtp.Sasl;

/// <summary>
/// SCRAM-SHA-256 without channel binding. RFC 5802, RFC 7677. The password never leaves, and the server must prove that it
/// knows it too.
/// </summary>
sealed class ScramSha256Client(string user, string password, string nonce) : SaslClient("SCRAM-SHA-256")
{
    /// <summary>RFC 7677 section 4. Fewer is what somebody would ask who means to guess the password.</summary>
    const int MinIterations = 4096;

    /// <summary>Under a second of work; a server may not ask for more of our time.</summary>
    const int MaxIterations = 1_000_000;

    readonly string _first = $"n={Escape(Prepare(user))},r={nonce}";
    byte[]? _serverSignature;
    bool _proved;

    public ScramSha256Client(string user, string password)
        : this(user, password, Convert.ToBase64String(RandomNumberGenerator.GetBytes(18))) { }

    public override byte[] InitialResponse => Encoding.UTF8.GetBytes("n,," + _first);
    public override bool MayEnd => _proved;

    public override byte[]? Respond(string challenge)
    {
        if (_proved) return GiveUp(TooMuch);
        if (SaslText.Decode(challenge) is not { Length: > 0 } message) return GiveUp("the server's challenge is empty or not base64");
        return _serverSignature is null ? Prove(message) : Check(message);
    }

    byte[]? Prove(string serverFirst)
    {
        if (serverFirst.Split(',') is not [['r', '=', .. var both], ['s', '=', .. var salt], ['i', '=', .. var count], ..]
            || !both.StartsWith(nonce, StringComparison.Ordinal) || both.Length == nonce.Length
            || !TryDecode(salt, out var saltBytes) || saltBytes.Length == 0
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations))
        {
            return GiveUp("the server's challenge is not one of SCRAM-SHA-256");
        }
        if (iterations is < MinIterations or > MaxIterations)
        {
            return GiveUp(string.Create(CultureInfo.InvariantCulture, $"the server wants {iterations} iterations; {MinIterations} to {MaxIterations} are allowed"));
        }

        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(Prepare(password)), saltBytes, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        // c= is "n,,": no channel binding.
        var withoutProof = $"c=biws,r={both}";
        var signed = Encoding.UTF8.GetBytes($"{_first},{serverFirst},{withoutProof}");
        var proof = HMACSHA256.HashData(SHA256.HashData(clientKey), signed);
        for (var i = 0; i < proof.Length; i++) proof[i] ^= clientKey[i];
        _serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), signed);
        return Encoding.UTF8.GetBytes($"{withoutProof},p={Convert.ToBase64String(proof)}");
    }

    byte[]? Check(string serverFinal)
    {
        if (serverFinal is ['v', '=', .. var signature] && TryDecode(signature.Split(',')[0], out var claimed))
        {
            _proved = CryptographicOperations.FixedTimeEquals(claimed, _serverSignature);
        }
        if (_proved) return [];
        return GiveUp(serverFinal.StartsWith("e=", StringComparison.Ordinal)
            ? $"the server refused the proof: {serverFinal[2..]}"
            : "the server could not prove that it knows the password");
    }

    /// <summary>RFC 5802 section 5.1.</summary>
    internal static string Escape(string name) =>
        name.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal);

    /// <summary>What of SASLprep (RFC 4013) changes a text: other blanks, soft hyphens, compatibility forms.</summary>
    internal static string Prepare(string text) => string.Concat(text.Where(c => c != '\u00AD')
        .Select(c => char.GetUnicodeCategory(c) is UnicodeCategory.SpaceSeparator ? ' ' : c)).Normalize(NormalizationForm.FormKC);

    static bool TryDecode(string base64, out byte[] octets)
    {
        octets = new byte[base64.Length];
        var done = Convert.TryFromBase64String(base64, octets, out var length);
        octets = octets[..length];
        return done;
    }
}
