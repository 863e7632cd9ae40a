using System.Net;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>
/// The one place that decides whether a client may send to a domain. Only the recipient's domain, the client's address
/// and its log-in count: the sender's address plays no part, and a local part is never looked into, so that
/// <c>user%other@ours</c> is a mailbox of ours and nothing else.
/// </summary>
static class RelayDecision
{
    /// <summary>Null: it may. <paramref name="rule"/> is null where no rule speaks of the domain.</summary>
    /// <param name="to">Complete: with a domain.</param>
    /// <param name="client">Null where the transport has no IP address.</param>
    /// <param name="ownAddress">The address that the client connected to.</param>
    public static Reply? Refuse(
        SiteSnapshot site, DomainSnapshot? rule, MailAddress to, IPAddress? client, IPAddress? ownAddress, bool authenticated)
    {
        if (RefuseAnyone(site, rule, to, ownAddress) is { } refusal) return refusal;
        return rule?.AllowRelay is true || MayRelay(site.Settings.Get(SettingsTable.Relay), client, authenticated, out _) ? null : Unable(to);
    }

    /// <param name="listed">The range of the relay list; null: for its log-in.</param>
    public static bool MayRelay(RelayRules relay, IPAddress? client, bool authenticated, out AddressRange? listed)
    {
        listed = null;
        if (authenticated && relay.AllowAuthenticated) return true;
        if (client is null) return false;
        foreach (var range in relay.AllowAddresses)
        {
            if (!range.Contains(client)) continue;
            listed = range;
            return true;
        }
        return false;
    }

    /// <summary>Why the client may send to these, which were not refused; null: no rule of today says so.</summary>
    public static string? Policy(SiteSnapshot site, IReadOnlyList<EnvelopeRecipient> to, IPAddress? client, bool authenticated)
    {
        if (to.All(recipient => site.RuleFor(recipient.Address.Domain)?.AllowRelay is true)) return "for a domain of this site";
        if (!MayRelay(site.Settings.Get(SettingsTable.Relay), client, authenticated, out var listed)) return null;
        return listed is null ? "relayed for its log-in" : $"relayed by the relay list ({listed})";
    }

    /// <summary>What not even a trusted client may send. Null: it may.</summary>
    public static Reply? RefuseAnyone(SiteSnapshot site, DomainSnapshot? rule, MailAddress to, IPAddress? ownAddress)
    {
        if (rule?.Route.Type is RouteType.Refuse) return new(550, 5, 7, 1, $"Mail for <{to}> is not taken");
        return Literal(to.Domain) is { } literal && IsOwn(site, literal, ownAddress) ? Unable(to) : null;
    }

    /// <summary>The address in an address literal; null when the domain is a name. RFC 5321 section 4.1.3.</summary>
    public static IPAddress? Literal(string domain)
    {
        if (domain is not ['[', .., ']']) return null;
        var text = domain.AsSpan()[1..^1];
        if (text.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase)) text = text[5..];
        return IPAddress.TryParse(text, out var address) ? address : null;
    }

    static Reply Unable(MailAddress to) => new(550, 5, 7, 1, $"Unable to relay for <{to}>");

    // Mail to ourselves by number would go round in a circle: it belongs to no domain.
    static bool IsOwn(SiteSnapshot site, IPAddress literal, IPAddress? ownAddress) =>
        literal.Equals(ownAddress) || site.Endpoints.Any(endpoint => IPAddress.TryParse(endpoint.Address, out var own) && own.Equals(literal));
}
