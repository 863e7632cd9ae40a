using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Accounts;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>
/// Access tokens of smart hosts, kept in memory and refreshed before they end. One request at a time for each log-in; who
/// asks meanwhile shares its answer. Thread-safe.
/// </summary>
public sealed class OAuthTokens(
    ITokenEndpoint endpoint, RefreshTokens refreshTokens, ISecretProtector secrets, TimeProvider time, ILogger<OAuthTokens> log) : IDisposable
{
    /// <summary>Trouble is believed for so long, so that a busy queue does not become a flood of requests.</summary>
    static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(30);
    static readonly TimeSpan RefreshAhead = TimeSpan.FromMinutes(5);

    readonly ConcurrentDictionary<LogInKey, Slot> _slots = [];
    readonly CancellationTokenSource _stopping = new();

    /// <summary>A token that is good now. While the one at hand is, nobody waits for its successor.</summary>
    public Task<SmartHostLogIn> GetAsync(SmartHostTarget target, CancellationToken stop)
    {
        var slot = _slots.GetOrAdd(LogInKey.Of(target), _ => new());
        lock (slot)
        {
            var now = time.GetUtcNow();
            if (slot.Token is { } fresh && now < fresh.RefreshAt) return Task.FromResult(LogIn(target, fresh));
            if (slot.Asking is null && now >= slot.AskAgainAt) slot.Asking = Task.Run(() => AskAsync(slot, target), CancellationToken.None);
            if (slot.Token is { } aging && now < aging.ExpiresAt) return Task.FromResult(LogIn(target, aging));
            return slot.Asking?.WaitAsync(stop) ?? Task.FromResult(slot.Trouble);
        }
    }

    /// <summary>
    /// The server refused it. True: it was one that had been good, or an old one, and is thrown away: ask for another and
    /// try once more. False: it was fresh, so it is not the token that is wrong.
    /// </summary>
    public bool Refused(SmartHostTarget target, string token)
    {
        if (!_slots.TryGetValue(LogInKey.Of(target), out var slot)) return true;
        lock (slot)
        {
            // Somebody else had it thrown away already.
            if (slot.Token?.Value != token) return true;
            if (!slot.Token.WasAccepted && time.GetUtcNow() < slot.Token.FreshUntil) return false;
            slot.Token = null;
            slot.AskAgainAt = default;
            return true;
        }
    }

    public void Accepted(SmartHostTarget target)
    {
        if (!_slots.TryGetValue(LogInKey.Of(target), out var slot)) return;
        lock (slot)
        {
            if (slot.Token is { } token) token.WasAccepted = true;
        }
    }

    /// <summary>Null: none is at hand.</summary>
    public DateTimeOffset? ExpiryOf(SmartHostTarget target)
    {
        if (!_slots.TryGetValue(LogInKey.Of(target), out var slot)) return null;
        lock (slot) return slot.Token?.ExpiresAt;
    }

    /// <summary>Its secrets were changed, or somebody mended something: the next one that asks begins anew.</summary>
    public void Forget(SmartHostTarget target) => _slots.TryRemove(LogInKey.Of(target), out _);

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    static SmartHostLogIn LogIn(SmartHostTarget target, Token token) => new(new ClientCredentials.OAuthToken(target.Auth.Username ?? "", token.Value), null);

    async Task<SmartHostLogIn> AskAsync(Slot slot, SmartHostTarget target)
    {
        TokenGrant grant;
        try
        {
            grant = await ExchangeAsync(refreshTokens.Current(target), _stopping.Token);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.TokenRequestBroke(log, e, target.Host);
            grant = TokenGrant.Failed("The token could not be asked for; the program's log says why.", isTemporary: true);
        }
        catch (OperationCanceledException)
        {
            grant = TokenGrant.Failed("The program is being stopped.", isTemporary: true);
        }
        if (grant.Trouble is { } trouble) Log.NoToken(log, target.Host, trouble);
        lock (slot)
        {
            var now = time.GetUtcNow();
            slot.Asking = null;
            if (grant.AccessToken is { } value)
            {
                var ahead = grant.Lifetime / 2 < RefreshAhead ? grant.Lifetime / 2 : RefreshAhead;
                slot.Token = new(value, now + grant.Lifetime, now + grant.Lifetime - ahead, now + AskAgainAfter);
                slot.AskAgainAt = default;
                return LogIn(target, slot.Token);
            }
            slot.AskAgainAt = now + AskAgainAfter;
            slot.Trouble = new(null, grant.Trouble, grant.IsTemporary);
            return slot.Token is { } old && now < old.ExpiresAt ? LogIn(target, old) : slot.Trouble;
        }
    }

    async Task<TokenGrant> ExchangeAsync(SmartHostTarget target, CancellationToken stop)
    {
        var auth = target.Auth;
        if (TokenExchange.ReadAddress(auth.TokenEndpoint) is not { } address)
            return TokenGrant.Failed("There is no address of a token endpoint that may be used; give it again.", isTemporary: false);
        var (clientSecret, refreshToken) = (Open(auth.ClientSecret), Open(auth.RefreshToken));
        if (auth.ClientSecret is not null && clientSecret is null || refreshToken is null != auth.Type is not SmartHostAuthType.OAuth2RefreshToken)
            return TokenGrant.Failed("The stored secret cannot be read; give it again.", isTemporary: false);
        var answer = await endpoint.AskAsync(address, TokenExchange.Form(auth, clientSecret, refreshToken), stop);
        var grant = TokenExchange.Read(answer, address, [clientSecret ?? "", refreshToken ?? ""]);
        // The one that was used may be worth nothing from now on: RFC 6749 section 6.
        if (auth.RefreshToken is { } used && grant.RefreshToken is { } rotated && rotated != refreshToken)
            await refreshTokens.ReplaceAsync(target, used, secrets.Protect(Encoding.UTF8.GetBytes(rotated)));
        return grant;
    }

    string? Open(byte[]? secret) => secret is not null && secrets.Unprotect(secret) is { } clear ? Encoding.UTF8.GetString(clear) : null;

    sealed record Token(string Value, DateTimeOffset ExpiresAt, DateTimeOffset RefreshAt, DateTimeOffset FreshUntil)
    {
        /// <summary>A server took it.</summary>
        public bool WasAccepted { get; set; }
    }

    /// <summary>One log-in. Everything under its lock.</summary>
    sealed class Slot
    {
        public Token? Token { get; set; }
        public Task<SmartHostLogIn>? Asking { get; set; }
        public DateTimeOffset AskAgainAt { get; set; }
        public SmartHostLogIn Trouble { get; set; }
    }
}
