using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json.Nodes;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Admin.Sites;

/// <summary>An endpoint as typed.</summary>
public sealed record EndpointForm(string Address, string Port, EndpointTls Tls, bool Odmr, SiteEndpoint? Was = null)
{
    public static readonly EndpointForm Blank = new("", "", EndpointTls.StartTls, false);

    public static EndpointForm Of(SiteEndpoint endpoint) =>
        new(endpoint.Address, endpoint.Port.ToString(CultureInfo.InvariantCulture), endpoint.Tls, endpoint.Odmr, endpoint);
}

/// <summary>A site as typed: keeps what was written when it is refused.</summary>
public sealed record SiteForm(string Name, string DefaultDomain, string Fqdn, string Mailroot, bool AutoStart, IReadOnlyList<EndpointForm> Endpoints)
{
    public static readonly IReadOnlyList<(string, string)> TlsChoices =
    [
        (nameof(EndpointTls.StartTls), "STARTTLS offered"), (nameof(EndpointTls.RequireStartTls), "STARTTLS required"),
        (nameof(EndpointTls.Implicit), "TLS from the first byte"), (nameof(EndpointTls.None), "none"),
    ];

    public static SiteForm New() => new("", "", "", "", true, [new("127.0.0.1", "2526", EndpointTls.StartTls, false)]);

    public static SiteForm Of(SiteSnapshot site) => new(
        site.Name, site.DefaultDomain, site.ConfiguredFqdn ?? "", site.ConfiguredMailroot, site.AutoStart, [.. site.Endpoints.Select(EndpointForm.Of)]);

    /// <param name="now">What the form was made from: what it does not show is kept.</param>
    public static SiteForm Read(IFormCollection form, SiteSnapshot? now)
    {
        string Text(string name) => form[name].ToString().Trim();
        var endpoints = new List<EndpointForm>();
        for (var i = 0; i < 20 && form.ContainsKey($"endpoints[{i}].address"); i++)
        {
            if (Text($"endpoints[{i}].address").Length is 0 && Text($"endpoints[{i}].port").Length is 0) continue;
            endpoints.Add(new(
                Text($"endpoints[{i}].address"), Text($"endpoints[{i}].port"),
                Enum.TryParse<EndpointTls>(Text($"endpoints[{i}].tls"), out var tls) ? tls : EndpointTls.StartTls,
                Text($"endpoints[{i}].odmr") is "true", now?.Endpoints.ElementAtOrDefault(i)));
        }
        return new(Text("name"), Text("defaultDomain"), Text("fqdn"), Text("mailroot"), Text("autoStart") is "true", endpoints);
    }

    /// <summary>What is wrong with the form itself; everything else is the operation's to say.</summary>
    public Problem? Check()
    {
        for (var i = 0; i < Endpoints.Count; i++)
        {
            if (!int.TryParse(Endpoints[i].Port, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                return Problem.Invalid($"endpoints[{i}].port", $"'{Endpoints[i].Port}' is not a port; give a number from 1 to 65535.");
        }
        return null;
    }

    /// <param name="settings">All that is set; null: as it is.</param>
    public SiteConfiguration ToConfiguration(SiteSnapshot? now, JsonObject? settings = null) => new(
        Name,
        [.. Endpoints.Select(typed => new SiteEndpoint(
            typed.Address, int.Parse(typed.Port, CultureInfo.InvariantCulture), typed.Tls, typed.Was?.Certificate, typed.Was?.ProxyProtocol ?? false, typed.Odmr))],
        Mailroot.Length > 0 ? Mailroot : null,
        DefaultDomain.Length > 0 ? DefaultDomain : null,
        Fqdn.Length > 0 ? Fqdn : null,
        AutoStart,
        settings ?? JsonNode.Parse(now?.ExplicitSettings ?? "{}")!.AsObject());

    /// <summary>The addresses of this machine, to choose from.</summary>
    public static IReadOnlyList<string> Addresses()
    {
        try
        {
            return
            [
                "0.0.0.0", "::",
                .. NetworkInterface.GetAllNetworkInterfaces()
                    .SelectMany(network => network.GetIPProperties().UnicastAddresses)
                    .Select(address => address.Address).Where(address => !address.IsIPv6LinkLocal)
                    .Select(address => address.ToString()).Distinct(StringComparer.Ordinal),
            ];
        }
        catch (NetworkInformationException)
        {
            return ["0.0.0.0", "::", IPAddress.Loopback.ToString()];
        }
    }
}
