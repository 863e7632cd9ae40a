using System.Security.Cryptography;
using System.Text;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>The server's side of SCRAM-SHA-256, with what RFC 5802 section 3 says in its own words.</summary>
sealed class ScramServer(string user, string password)
{
    static readonly byte[] Salt = [1, 2, 3, 4, 5, 6, 7, 8];
    string _firsts = "";
    string _nonce = "";

    /// <summary>The client showed that it knows the password.</summary>
    public bool Proved { get; private set; }

    public string Answer(string line)
    {
        if (line.Split(' ') is ["AUTH", "SCRAM-SHA-256", var initial])
        {
            var clientFirst = Decode(initial);
            Assert.StartsWith($"n,,n={user},r=", clientFirst, StringComparison.Ordinal);
            _nonce = clientFirst.Split("r=")[1] + "server";
            var serverFirst = $"r={_nonce},s={Convert.ToBase64String(Salt)},i=4096";
            _firsts = $"{clientFirst[3..]},{serverFirst}";
            return "334 " + Encode(serverFirst);
        }
        var final = Decode(line).Split(",p=");
        Assert.Equal($"c=biws,r={_nonce}", final[0]);
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, Salt, 4096, HashAlgorithmName.SHA256, 32);
        var message = Encoding.UTF8.GetBytes($"{_firsts},{final[0]}");
        var storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var signature = HMACSHA256.HashData(storedKey, message);
        var proof = Convert.FromBase64String(final[1]);
        var clientKey = proof.Zip(signature, (a, b) => (byte)(a ^ b)).ToArray();
        Proved = SHA256.HashData(clientKey).AsSpan().SequenceEqual(storedKey);
        return "334 " + Encode("v=" + Convert.ToBase64String(HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), message)));
    }

    static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
    static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
