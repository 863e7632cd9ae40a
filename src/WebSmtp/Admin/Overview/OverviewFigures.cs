using WebSmtp.Admin.Sites;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Admin.Overview;

/// <summary>Something that an administrator should see to, and where.</summary>
sealed record Concern(bool Failed, string What, string Advice, string Href, string Link);

/// <summary>What the overview shows: every number with the list that it counts.</summary>
sealed record OverviewFigures(
    IReadOnlyList<SiteRow> Sites, IReadOnlyList<HeldDomain> Held, DateTimeOffset? OldestQueued, IReadOnlyList<Concern> Concerns)
{
    const int MaxDestinations = 100;
    const double NearLimit = 0.8;

    public int Running => Sites.Count(row => row.View.State is SiteState.Running);
    public int Sessions => Sites.Sum(row => row.Sessions);
    public long Messages => Sites.Sum(row => row.Messages);
    public bool MessagesIsEstimate => Sites.Any(row => row.MessagesIsEstimate);
    public long HeldMessages => Held.Sum(domain => domain.Messages);
    public long HeldBytes => Held.Sum(domain => domain.Bytes);
    public DateTimeOffset? OldestHeld => Held.Min(domain => domain.Oldest);
    public bool AllIsWell => Concerns.Count is 0;

    public static async Task<OverviewFigures> LoadAsync(
        SiteRegistry registry, SessionRegistry sessions, QueueOperations queue, HeldMail heldMail, int serviceVersion, CancellationToken stop)
    {
        var sites = await SiteRow.LoadAsync(registry, sessions, queue, stop);
        var held = await heldMail.ListAsync(null, stop);
        DateTimeOffset? oldest = null;
        foreach (var row in sites.Where(row => row.Messages > 0))
        {
            var destinations = await queue.ListDestinationsAsync(row.Site.Id, null, MaxDestinations, stop);
            var here = destinations.Items.Where(destination => !destination.AnyHeld).Min(destination => destination.Oldest);
            oldest = oldest is null || here < oldest ? here ?? oldest : oldest;
        }
        return new(sites, held, oldest, [.. SiteConcerns(sites, serviceVersion), .. HeldConcerns(held)]);
    }

    static IEnumerable<Concern> SiteConcerns(IReadOnlyList<SiteRow> sites, int serviceVersion)
    {
        foreach (var row in sites)
        {
            if (row.View.State is not SiteState.Failed) continue;
            yield return new(true, $"{row.Site.Name} has failed: {row.View.StateReason}",
                SiteRow.StartAdvice, $"/sites/{row.Site.Id}", "To the site");
        }
        if (serviceVersion is 1)
        {
            yield return new(false, "The service runs as version 1: only the default site is on, and ETRN, TURN and ATRN are off.",
                "Switch to version 2 to have all sites and the collection of held mail.", "/sites#version", "To the switch");
        }
    }

    static IEnumerable<Concern> HeldConcerns(IReadOnlyList<HeldDomain> held)
    {
        foreach (var domain in held)
        {
            var (route, name) = (domain.Domain.Route, domain.Domain.Name);
            var href = $"/held/{domain.SiteId}/{Uri.EscapeDataString(name)}";
            if (!route.Etrn && domain.Domain.TurnAccounts.Count is 0)
                yield return new(false, $"Nobody can collect the mail of {name}.", "Allow ETRN for it, or name an account that may TURN it.", href, "To the domain");
            if (route.MaxMessages is > 0 and var messages && domain.Messages >= messages * NearLimit)
                yield return new(domain.Messages >= messages, $"{name} holds {Figures.Count(domain.Messages)} of at most {Figures.Count(messages, "message")}.",
                    "Beyond that, senders are answered 452 and try again later.", href, "To the domain");
            else if (route.MaxBytes is > 0 and var bytes && domain.Bytes >= bytes * NearLimit)
                yield return new(domain.Bytes >= bytes, $"{name} holds {Figures.Bytes(domain.Bytes)} of at most {Figures.Bytes(bytes)}.",
                    "Beyond that, senders are answered 452 and try again later.", href, "To the domain");
        }
    }
}
