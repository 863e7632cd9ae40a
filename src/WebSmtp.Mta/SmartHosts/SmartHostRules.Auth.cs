using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.SmartHosts;

// Log-ins, secrets and certificates.
public sealed partial class SmartHostRules
{
    const int MaxTextLength = 1000;

    /// <summary>Tokens of some providers have a few thousand characters; a chain of certificates is longer.</summary>
    const int MaxSecretLength = 16_384;

    SmartHostAuth Auth(SmartHostAuthInput wanted, SmartHostAuth? before, string field, Complaints complaints)
    {
        if (!Enum.IsDefined(wanted.Type))
            complaints.Add($"{field}type", "Give one of none, password, oauth2ClientCredentials, oauth2RefreshToken.");
        var oauth = wanted.Type is SmartHostAuthType.OAuth2ClientCredentials or SmartHostAuthType.OAuth2RefreshToken;
        Belongs("password", wanted.Type is SmartHostAuthType.Password, wanted.Password);
        Belongs("username", wanted.Type is not SmartHostAuthType.None, wanted.Username);
        Belongs("refreshToken", wanted.Type is SmartHostAuthType.OAuth2RefreshToken, wanted.RefreshToken);
        foreach (var (member, value) in new[]
        {
            ("clientSecret", wanted.ClientSecret), ("clientId", wanted.ClientId), ("tokenEndpoint", wanted.TokenEndpoint),
            ("scope", wanted.Scope), ("preset", wanted.Preset), ("tenant", wanted.Tenant),
        })
        {
            Belongs(member, oauth, value);
        }
        // What another kind of log-in keeps under the same name is the same thing.
        var secretsBefore = before ?? new();
        return wanted.Type switch
        {
            SmartHostAuthType.Password => new()
            {
                Type = wanted.Type,
                Username = Needed(wanted.Username, "username"),
                Password = Secret(wanted.Password, secretsBefore.Password, "password", needed: true),
            },
            SmartHostAuthType.OAuth2ClientCredentials or SmartHostAuthType.OAuth2RefreshToken => Preset(wanted, new()
            {
                Type = wanted.Type,
                Username = Needed(wanted.Username, "username"),
                ClientId = Needed(wanted.ClientId, "clientId"),
                // A client that cannot keep a secret has none, and may still hold a refresh token. RFC 6749 section 2.1.
                ClientSecret = Secret(wanted.ClientSecret, secretsBefore.ClientSecret, "clientSecret", needed: wanted.Type is SmartHostAuthType.OAuth2ClientCredentials),
                RefreshToken = wanted.Type is SmartHostAuthType.OAuth2RefreshToken
                    ? Secret(wanted.RefreshToken, secretsBefore.RefreshToken, "refreshToken", needed: true)
                    : null,
            }, field, complaints),
            _ => new(),
        };

        void Belongs(string member, bool fits, string? value)
        {
            if (!fits && !string.IsNullOrEmpty(value)) complaints.Add(field + member, $"'{member}' does not belong to this kind of log-in.");
        }

        string? Needed(string? value, string member)
        {
            if (string.IsNullOrEmpty(value)) complaints.Add(field + member, "This is needed to log in.");
            else if (value.Length > MaxTextLength || value.Any(char.IsControl)) complaints.Add(field + member, $"Give at most {MaxTextLength} characters on one line.");
            return value;
        }

        byte[]? Secret(string? value, byte[]? stored, string member, bool needed)
        {
            if (value is { Length: > MaxSecretLength } || value?.Any(char.IsControl) is true)
                complaints.Add(field + member, $"Give at most {MaxSecretLength} characters on one line.");
            else if (needed && string.IsNullOrEmpty(value) && (value is not null || stored is null))
                complaints.Add(field + member, "This is needed to log in.");
            return Kept(value, stored);
        }
    }

    byte[]? Kept(string? value, byte[]? stored) =>
        value is null ? stored : value.Length == 0 ? null : secrets.Protect(Encoding.UTF8.GetBytes(value));

    /// <summary>Fills in where tokens come from, and says what is wrong with that.</summary>
    static SmartHostAuth Preset(SmartHostAuthInput wanted, SmartHostAuth auth, string field, Complaints complaints)
    {
        var (endpoint, scope) = (wanted.TokenEndpoint, wanted.Scope);
        if (wanted.Preset is { } name)
        {
            if (OAuth2Preset.Find(name) is not { } preset)
            {
                complaints.Add($"{field}preset", $"There is no preset '{name}'; there are {OAuth2Preset.Names}.");
                return auth;
            }
            if (preset.NeedsTenant && string.IsNullOrEmpty(wanted.Tenant))
                complaints.Add($"{field}tenant", "Give the directory (tenant) id, or a domain of the organization.");
            (endpoint, scope) = (preset.EndpointOf(wanted.Tenant), preset.ScopeOf(wanted.Type));
        }
        else if (!string.IsNullOrEmpty(wanted.Tenant))
        {
            complaints.Add($"{field}tenant", "A tenant belongs to the preset microsoft365.");
        }
        if (TokenExchange.ReadAddress(endpoint) is null)
            complaints.Add($"{field}tokenEndpoint", $"Give the https address that hands out tokens, or a preset ({OAuth2Preset.Names}). http is taken only on this machine.");
        if (scope is { Length: > MaxTextLength } || scope?.Any(c => c is < ' ' or > '~') is true)
            complaints.Add($"{field}scope", $"Give at most {MaxTextLength} printable ASCII characters.");
        return auth with { TokenEndpoint = endpoint, Scope = string.IsNullOrEmpty(scope) ? null : scope };
    }

    static string? CheckAuthority(string? wanted, string field, Complaints complaints)
    {
        if (string.IsNullOrEmpty(wanted)) return null;
        if (Certificates.TroubleInAuthorities(wanted) is { } trouble) complaints.Add($"{field}certificateAuthority", trouble);
        return wanted;
    }

    byte[]? CheckCertificate(string? wanted, byte[]? stored, string field, Complaints complaints)
    {
        if (string.IsNullOrEmpty(wanted)) return Kept(wanted, stored);
        try
        {
            if (wanted.Length > Certificates.MaxPemLength) throw new CryptographicException("It is too long.");
            using var certificate = X509Certificate2.CreateFromPem(wanted, wanted);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            complaints.Add($"{field}clientCertificate", $"Give a certificate and its key, not encrypted, in one PEM text: {e.Message}");
        }
        return Kept(wanted, stored);
    }
}
