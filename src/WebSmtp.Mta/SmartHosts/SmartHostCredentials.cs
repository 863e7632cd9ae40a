using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using WebSmtp.Mta.Accounts;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>
/// What a smart host is logged in to with, read back from where it is encrypted or asked for at a token endpoint, and how
/// the log-ins go. Thread-safe.
/// </summary>
public sealed class SmartHostCredentials(ISecretProtector protector, OAuthTokens tokens, TimeProvider time)
{
    readonly ConcurrentDictionary<LogInKey, SmartHostStatus> _statuses = [];

    /// <summary>Had trouble since they last worked, whether it is still believed or not: mail may wait for them.</summary>
    readonly ConcurrentDictionary<LogInKey, bool> _troubled = [];

    /// <summary>Null credentials and null trouble: no log-in. Trouble is one sentence: nothing can be sent this way now.</summary>
    public async Task<SmartHostLogIn> GetAsync(SmartHostTarget target, CancellationToken stop)
    {
        var answer = target.Auth switch
        {
            { Type: SmartHostAuthType.None } => default,
            { Type: SmartHostAuthType.OAuth2ClientCredentials or SmartHostAuthType.OAuth2RefreshToken } => await tokens.GetAsync(target, stop),
            { Password: { } password, Username: { } user } when protector.Unprotect(password) is { } secret =>
                new(new ClientCredentials.Password(user, Encoding.UTF8.GetString(secret)), null),
            _ => new SmartHostLogIn(null, "The stored password cannot be read; give it again."),
        };
        if (answer.Trouble is { } trouble) Note(target, trouble);
        return answer;
    }

    /// <summary>A log-in that was refused works again; called on the thread that found out.</summary>
    internal Action<SmartHostTarget>? Recovered { get; set; }

    /// <summary>The server took the log-in.</summary>
    public void LoggedIn(SmartHostTarget target)
    {
        if (target.Auth.Type is SmartHostAuthType.None) return;
        tokens.Accepted(target);
        var key = LogInKey.Of(target);
        _statuses[key] = new(time.GetUtcNow(), null, null, null);
        if (_troubled.TryRemove(key, out _)) Recovered?.Invoke(target);
    }

    /// <summary>
    /// The server refused the log-in. True: the token may just have ended early; call <see cref="GetAsync"/> and try once
    /// more on a new connection. False: it is final, until somebody changes something.
    /// </summary>
    public bool Refused(SmartHostTarget target, ClientCredentials with, Reply reply)
    {
        if (with is ClientCredentials.OAuthToken { Token: var token } && reply.IsPermanent && tokens.Refused(target, token)) return true;
        Note(target, $"The log-in as {with.Username} was refused: {reply}");
        return false;
    }

    public SmartHostStatus StatusOf(SmartHostTarget target) =>
        (_statuses.GetValueOrDefault(LogInKey.Of(target)) ?? new(null, null, null, null)) with { TokenExpiresAt = tokens.ExpiryOf(target) };

    internal DateTimeOffset? CertificateEndOf(SmartHostTarget target)
    {
        if (target.ClientCertificate is not { } kept || protector.Unprotect(kept) is not { } pem) return null;
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(pem));
            return new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Somebody changed it, or wants to know how it is now: trouble is not believed any longer.</summary>
    internal void Forget(SmartHostTarget target)
    {
        tokens.Forget(target);
        if (_statuses.TryGetValue(LogInKey.Of(target), out var status)) _statuses[LogInKey.Of(target)] = status with { Trouble = null, TroubleSince = null };
    }

    void Note(SmartHostTarget target, string trouble)
    {
        var key = LogInKey.Of(target);
        _troubled.TryAdd(key, true);
        _statuses.AddOrUpdate(key, _ => new(null, null, trouble, time.GetUtcNow()),
            (_, known) => known with { Trouble = trouble, TroubleSince = known.TroubleSince ?? time.GetUtcNow() });
    }
}
