using WebSmtp.Smtp.Sasl;

namespace WebSmtp.Smtp.Client;

/// <summary>Which mechanisms a log-in may use, the best first.</summary>
static class LogIn
{
    /// <summary>Why these credentials cannot be used with any server; null: they can.</summary>
    public static string? TroubleWith(ClientCredentials credentials)
    {
        var (secret, name) = credentials is ClientCredentials.OAuthToken token ? (token.Token, "token") : (((ClientCredentials.Password)credentials).Secret, "password");
        // In SASL's own texts they separate one field from the next. RFC 4013 section 2.3 forbids them.
        if (credentials.Username.Any(char.IsControl)) return "the user name holds a control character";
        if (secret.Any(char.IsControl)) return $"the {name} holds a control character";
        if (credentials.Username.Length == 0) return "there is no user name to log in with";
        return secret.Length == 0 ? $"there is no {name} to log in with" : null;
    }

    /// <param name="credentials">What there is to log in with.</param>
    /// <param name="offered">By the server.</param>
    /// <param name="tls">Nobody else reads along.</param>
    /// <param name="clear">Mechanisms that send the secret itself may be used without TLS too.</param>
    /// <param name="host">The name we connected to.</param>
    public static IReadOnlyList<SaslClient> Mechanisms(
        ClientCredentials credentials, IReadOnlyList<string> offered, bool tls, bool clear, string? host)
    {
        IEnumerable<(SaslClient Client, bool Readable)> all = credentials switch
        {
            // Servers that offer CRAM-MD5 may know its secret only of some users, and under TLS it hides nothing.
            ClientCredentials.Password { Username: var user, Secret: var secret } when tls =>
            [
                (new ScramSha256Client(user, secret), false), (new PlainClient(user, secret), true), (new LoginClient(user, secret), true),
                (new CramMd5Client(user, secret), false),
            ],
            ClientCredentials.Password { Username: var user, Secret: var secret } =>
            [
                (new ScramSha256Client(user, secret), false), (new CramMd5Client(user, secret), false),
                (new PlainClient(user, secret), true), (new LoginClient(user, secret), true),
            ],
            ClientCredentials.OAuthToken { Username: var user, Token: var token } =>
                [(BearerClient.OAuthBearer(user, token, host), true), (BearerClient.XOAuth2(user, token), true)],
            _ => [],
        };
        return [.. all.Where(one => (tls || clear || !one.Readable) && offered.Contains(one.Client.Mechanism, StringComparer.Ordinal))
            .Select(one => one.Client)];
    }

    /// <summary>Why <see cref="Mechanisms"/> found none, in one sentence.</summary>
    public static string NoneOf(ClientCredentials credentials, IReadOnlyList<string> offered, bool tls, bool clear, string? host)
    {
        if (offered.Count == 0) return "the server offers no log-in (AUTH)";
        var list = string.Join(", ", offered);
        if (!tls && !clear && Mechanisms(credentials, offered, tls, clear: true, host).Count > 0)
        {
            return $"the server offers no log-in that is safe on a connection without TLS; it offers {list}";
        }
        var what = credentials is ClientCredentials.OAuthToken ? "an OAuth2 token" : "a password";
        return $"the server offers no log-in with {what} that is known here; it offers {list}";
    }
}
