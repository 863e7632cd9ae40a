using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Sites;

/// <summary>What an administrator wants a site to be; survives a restart.</summary>
public enum DesiredState { Stopped, Running, Paused }

/// <summary>What a site is. <see cref="Failed"/>: it should run, but could not be started.</summary>
public enum SiteState { Stopped, Running, Paused, Failed }

/// <summary>
/// An SMTP virtual server as it is stored: endpoints, folders, settings, domains. Mutable only inside an operation;
/// everything else reads a snapshot.
/// </summary>
public sealed class Site
{
    /// <summary>The default site's id; it cannot be deleted.</summary>
    public const int DefaultId = 1;

    public int Id { get; set; }
    public required string Name { get; set; }
    public bool AutoStart { get; set; } = true;
    public DesiredState Desired { get; set; } = DesiredState.Stopped;

    /// <summary>Paused until nothing is left to deliver: a paused site that somebody wants to become empty.</summary>
    public bool Draining { get; set; }

    /// <summary>Who last said what the site should be, and when; null: nobody did yet.</summary>
    public string? StateBy { get; set; }
    public DateTimeOffset? StateSince { get; set; }
    public List<SiteEndpoint> Endpoints { get; set; } = [];

    /// <summary>As the administrator gave it: relative to the data directory, or absolute. Empty: the folder named after the id.</summary>
    public required string Mailroot { get; set; }

    /// <summary>Name in greeting, EHLO and Received; null: the default domain's.</summary>
    public string? Fqdn { get; set; }

    /// <summary>The explicitly set settings, a JSON object by setting name.</summary>
    public string Settings { get; set; } = "{}";

    public List<MailDomain> Domains { get; set; } = [];
    public List<EtrnName> EtrnNames { get; set; } = [];

    /// <summary>Raised by every change to the site's own row; the ETag.</summary>
    public long Version { get; set; } = 1;
}

/// <summary>An address and port that a site listens on.</summary>
/// <param name="Address">An IPv4 or IPv6 address of this machine, <c>0.0.0.0</c> or <c>::</c>.</param>
/// <param name="Certificate">Name of a managed certificate; null: the one made at first run.</param>
/// <param name="Odmr">An RFC 2645 endpoint: EHLO, AUTH, ATRN, NOOP, QUIT, STARTTLS only.</param>
public sealed record SiteEndpoint(
    string Address, int Port, EndpointTls Tls = EndpointTls.StartTls, string? Certificate = null,
    bool ProxyProtocol = false, bool Odmr = false);

/// <summary>A named set of domains for <c>ETRN #name</c>. RFC 1985 section 5.3.</summary>
public sealed class EtrnName
{
    public int SiteId { get; set; }
    public required string Name { get; set; }
    public List<string> Domains { get; set; } = [];
    public long Version { get; set; } = 1;
}
