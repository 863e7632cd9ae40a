using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Collection;

/// <summary>
/// A rule of a site, or the part of it that was asked for, as a set of destinations.
/// </summary>
/// <param name="Node">Null: all of the rule. Else one destination of it, and those below when <paramref name="Below"/>.</param>
sealed record CollectionScope(DomainSnapshot Rule, string? Node = null, bool Below = false)
{
    public static bool IsBelow(string domain, string above) =>
        domain.Length > above.Length && domain.EndsWith(above, StringComparison.OrdinalIgnoreCase) && domain[^(above.Length + 1)] is '.';

    /// <summary>What lives at its destinations, frozen and leased entries included. A wildcard's are those that have mail.</summary>
    public async Task<IReadOnlyList<Destination>> LiveAsync(IQueueStore queue, SiteSnapshot site, CancellationToken stop)
    {
        if (!Rule.IsWildcard || Node is not null && !Below) return One(await queue.FindDestinationAsync(site.Id, Node ?? Rule.Name, stop));

        var below = await queue.FindSubdomainsAsync(site.Id, Node ?? Rule.BaseName, stop);
        var node = Node is null ? [] : One(await queue.FindDestinationAsync(site.Id, Node, stop));
        return [.. below.Concat(node).Where(destination => site.RuleFor(destination.Domain) == Rule)];
    }

    /// <summary>The names of its destinations; asks the store only where there is a wildcard.</summary>
    public async ValueTask<IEnumerable<string>> NamesAsync(IQueueStore queue, SiteSnapshot site, CancellationToken stop) =>
        !Rule.IsWildcard || Node is not null && !Below
            // Who joins a run that began before the rules were changed may name what is another rule's for it.
            ? site.RuleFor(Node ?? Rule.Name) == Rule ? [Node ?? Rule.Name] : []
            : (await LiveAsync(queue, site, stop)).Select(destination => destination.Domain);

    static Destination[] One(Destination? destination) => destination is null ? [] : [destination];
}
