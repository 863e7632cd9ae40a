using System.Net;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Acceptance;

/// <summary>Whether a client may connect, by its address.</summary>
/// <param name="AnyAllowed">The list of those who may is empty: everybody may.</param>
/// <param name="Allowed">The range of that list that it is in.</param>
/// <param name="Denied">The range of those who may not that it is in.</param>
readonly record struct ClientAccess(bool AnyAllowed, AddressRange? Allowed, AddressRange? Denied)
{
    public bool IsWelcome => (AnyAllowed || Allowed is not null) && Denied is null;

    /// <param name="client">Null where the transport has no IP address.</param>
    public static ClientAccess Of(SiteSnapshot site, IPAddress? client)
    {
        var allow = site.Settings.Get(SettingsTable.AllowAddresses);
        return new(allow.Count == 0, Find(allow, client), Find(site.Settings.Get(SettingsTable.DenyAddresses), client));
    }

    static AddressRange? Find(IReadOnlyList<AddressRange> ranges, IPAddress? client)
    {
        if (client is null) return null;
        foreach (var range in ranges)
        {
            if (range.Contains(client)) return range;
        }
        return null;
    }
}
