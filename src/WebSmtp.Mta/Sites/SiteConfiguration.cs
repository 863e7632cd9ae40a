using System.Text.Json.Nodes;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Sites;

/// <summary>What an administrator writes about a site: the whole document that a merge patch is applied to.</summary>
/// <param name="Mailroot">Null: a folder named after the site's id below the data directory.</param>
/// <param name="DefaultDomain">Null: the machine's name.</param>
/// <param name="Settings">Only what is set; what is missing has its default.</param>
public sealed record SiteConfiguration(
    string Name, IReadOnlyList<SiteEndpoint> Endpoints, string? Mailroot, string? DefaultDomain, string? Fqdn, bool AutoStart, JsonObject Settings);

/// <summary>What an administrator writes about a domain.</summary>
/// <param name="Kind">Alias or Remote; the default domain is made with its site.</param>
/// <param name="TurnAccounts">Names of accounts; each must exist.</param>
/// <param name="Overrides">Settings of scope SiteAndDomain; only what is overridden.</param>
/// <param name="SmartHost">For the route smartHost: what is wanted in place of the route's own, which stays when this is null.</param>
public sealed record DomainConfiguration(
    string Name, DomainKind Kind, DomainRoute Route, IReadOnlyList<string> TurnAccounts, bool? AllowRelay, JsonObject Overrides,
    SmartHostChoice? SmartHost = null);

/// <summary>A site with what it is doing now. <paramref name="Warnings"/>: what would stop it from starting, and the like.</summary>
public sealed record SiteView(SiteSnapshot Site, SiteState State, string? StateReason, IReadOnlyList<string> Warnings);

/// <summary>What a site that is drained still has: messages that can be delivered, and sessions.</summary>
public sealed record SiteRest(long Messages, bool IsEstimate, int Sessions)
{
    public bool IsEmpty => Messages == 0 && Sessions == 0;
}

/// <summary>What to do with the mail that is still queued when a site is deleted.</summary>
public enum DeleteMessages { Refuse, Export, Move }

/// <summary>What became of the mail of a deleted site. <paramref name="Folder"/>: where it was exported or moved to; null when there was none.</summary>
public sealed record SiteDeletion(long Messages, string? Folder);
