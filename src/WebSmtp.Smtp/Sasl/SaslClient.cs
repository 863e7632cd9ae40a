using System.Security.Cryptography;
using System.Text;

namespace WebSmtp.Smtp.Sasl;

/// <summary>One log-in by one mechanism, seen from the client. RFC 4422. For one exchange.</summary>
abstract class SaslClient(string mechanism)
{
    protected const string TooMuch = "the server asks for more than the mechanism has to say";

    public string Mechanism => mechanism;

    /// <summary>Null: the server speaks first.</summary>
    public virtual byte[]? InitialResponse => null;

    /// <summary>May the server's 235 be believed? False while it owes a proof of its own.</summary>
    public virtual bool MayEnd => true;

    /// <summary>Why there is no response, after <see cref="Respond"/> gave none.</summary>
    public string Complaint { get; protected set; } = TooMuch;

    /// <summary>The answer to a challenge, which is as it came, in base64. Null: the exchange must be given up.</summary>
    public abstract byte[]? Respond(string challenge);

    protected byte[]? GiveUp(string complaint)
    {
        Complaint = complaint;
        return null;
    }
}

/// <summary>RFC 4616.</summary>
sealed class PlainClient(string user, string password) : SaslClient("PLAIN")
{
    public override byte[] InitialResponse => Encoding.UTF8.GetBytes($"\0{user}\0{password}");
    public override byte[]? Respond(string challenge) => null;
}

/// <summary>The oldest one, without a standard: what the server asks is not looked at, not all ask with the same words.</summary>
sealed class LoginClient(string user, string password) : SaslClient("LOGIN")
{
    int _step;

    public override byte[]? Respond(string challenge) => _step++ switch
    {
        0 => Encoding.UTF8.GetBytes(user),
        1 => Encoding.UTF8.GetBytes(password),
        _ => null,
    };
}

/// <summary>RFC 2195.</summary>
sealed class CramMd5Client(string user, string password) : SaslClient("CRAM-MD5")
{
    bool _answered;

    public override byte[]? Respond(string challenge)
    {
        if (_answered) return GiveUp(TooMuch);
        if (SaslText.Decode(challenge) is not { Length: > 0 } text) return GiveUp("the server's challenge is empty or not base64");
        _answered = true;
#pragma warning disable CA5351 // RFC 2195 is made of it.
        var digest = HMACMD5.HashData(Encoding.UTF8.GetBytes(password), Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5351
        return Encoding.UTF8.GetBytes($"{user} {Convert.ToHexStringLower(digest)}");
    }
}

/// <summary>
/// A bearer token: OAUTHBEARER (RFC 7628), or Google's and Microsoft's XOAUTH2 before it. A refusal comes as a challenge
/// first; the actual reply only when that was answered.
/// </summary>
sealed class BearerClient(string mechanism, byte[] initialResponse, byte[] toError) : SaslClient(mechanism)
{
    bool _answered;

    public static BearerClient OAuthBearer(string user, string token, string? host) => new("OAUTHBEARER",
        Encoding.UTF8.GetBytes($"n,a={ScramSha256Client.Escape(user)},\u0001{(host is null ? "" : $"host={host}\u0001")}auth=Bearer {token}\u0001\u0001"), [1]);

    public static BearerClient XOAuth2(string user, string token) =>
        new("XOAUTH2", Encoding.UTF8.GetBytes($"user={user}\u0001auth=Bearer {token}\u0001\u0001"), []);

    public override byte[] InitialResponse => initialResponse;

    public override byte[]? Respond(string challenge)
    {
        if (_answered) return GiveUp(TooMuch);
        _answered = true;
        return toError;
    }
}
