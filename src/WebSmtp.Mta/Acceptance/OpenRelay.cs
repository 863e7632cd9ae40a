using System.Net;
using System.Net.Sockets;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Acceptance;

/// <summary>A way in which strangers may send to strangers through a site.</summary>
/// <param name="Range">The entry of the relay list that lets them.</param>
/// <param name="Client">An address that may, to try it with.</param>
public sealed record OpenRelay(AddressRange Range, IPAddress Client)
{
    /// <summary>A shorter prefix has more addresses than any organization's own networks.</summary>
    const int LongestIPv4 = 7, LongestIPv6 = 15;

    public const string Advice = "Name only networks of your own in the relay list; others can log in.";

    public string What => $"anybody at {Range} may send to anybody through it";

    /// <summary>Null: the relay list, who may connect, and where the site listens keep strangers out.</summary>
    public static OpenRelay? Find(SiteSnapshot site)
    {
        if (!site.Settings.Get(SettingsTable.AnonymousAllowed) || site.Endpoints.All(IsOwnMachineOnly)) return null;
        foreach (var range in site.Settings.Get(SettingsTable.Relay).AllowAddresses)
        {
            var isIPv4 = range.Network.BaseAddress.AddressFamily is AddressFamily.InterNetwork;
            if (range.Network.PrefixLength > (isIPv4 ? LongestIPv4 : LongestIPv6)) continue;
            if (Stranger(range.Network.BaseAddress) is { IsIPv6UniqueLocal: false } client && ClientAccess.Of(site, client).IsWelcome) return new(range, client);
        }
        return null;
    }

    static bool IsOwnMachineOnly(SiteEndpoint endpoint) => endpoint.Odmr || (IPAddress.TryParse(endpoint.Address, out var address) && IPAddress.IsLoopback(address));

    /// <summary>An address in the range that is not its first, which nobody has.</summary>
    static IPAddress Stranger(IPAddress first)
    {
        var bytes = first.GetAddressBytes();
        (bytes[1], bytes[^1]) = (2, 1);
        if (bytes[0] is 0) bytes[0] = bytes.Length is 4 ? (byte)1 : (byte)0x20;
        return new(bytes);
    }
}
