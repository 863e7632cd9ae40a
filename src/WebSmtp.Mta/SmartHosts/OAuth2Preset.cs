using System.Collections.Frozen;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>What is known of a provider that wants OAuth2, so that an administrator need not look it up.</summary>
sealed record OAuth2Preset(string Name, string Host, int Port, bool NeedsTenant, string Endpoint, string ClientCredentialsScope, string RefreshTokenScope)
{
    static readonly FrozenDictionary<string, OAuth2Preset> ByName = new OAuth2Preset[]
    {
        new("microsoft365", "smtp.office365.com", 587, NeedsTenant: true, "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
            "https://outlook.office365.com/.default", "https://outlook.office.com/SMTP.Send offline_access"),
        new("google", "smtp.gmail.com", 587, NeedsTenant: false, "https://oauth2.googleapis.com/token",
            "https://mail.google.com/", "https://mail.google.com/"),
    }.ToFrozenDictionary(preset => preset.Name, StringComparer.Ordinal);

    public static string Names => string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal));

    public static OAuth2Preset? Find(string name) => ByName.GetValueOrDefault(name);

    public string EndpointOf(string? tenant) => Endpoint.Replace("{tenant}", tenant is null ? "" : Uri.EscapeDataString(tenant), StringComparison.Ordinal);

    public string ScopeOf(SmartHostAuthType type) => type is SmartHostAuthType.OAuth2RefreshToken ? RefreshTokenScope : ClientCredentialsScope;
}
