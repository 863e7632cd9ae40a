using WebSmtp.Mta.Collection;

namespace WebSmtp.Admin.Held;

/// <summary>Where the page of a held domain is.</summary>
static class HeldAddress
{
    public static string Of(HeldDomain held) => Of(held.SiteId, held.Domain.Name);
    public static string Of(int siteId, string domain) => $"/held/{siteId}/{Uri.EscapeDataString(domain)}";
}
