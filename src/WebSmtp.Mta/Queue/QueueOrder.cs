namespace WebSmtp.Mta.Queue;

/// <summary>What an operator can do with entries that wait. Export writes copies as files that a Pickup folder takes.</summary>
public enum QueueAct { Freeze, Release, Retry, Bounce, Redirect, Delete, Export }

/// <summary>Where an operator sends mail instead. Exactly one member is there.</summary>
/// <param name="Domain">As if it were for this domain.</param>
/// <param name="SmartHost">Over the kept smart host of this name.</param>
/// <param name="SiteId">The whole message goes to another site.</param>
public sealed record Redirection(string? Domain = null, string? SmartHost = null, int? SiteId = null);

/// <summary>An act, and for <see cref="QueueAct.Redirect"/> its target.</summary>
public sealed record QueueOrder(QueueAct Act, Redirection? To = null)
{
    /// <summary>For <see cref="QueueAct.Export"/>: the folder's name below each site's mail root.</summary>
    internal string? Folder { get; init; }

    /// <summary>For people: <c>freeze</c>, <c>redirect to site 2</c>.</summary>
    public override string ToString() => To switch
    {
        { Domain: { } domain } => $"redirect by way of {domain}",
        { SmartHost: { } host } => $"redirect over smart host {host}",
        { SiteId: { } site } => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"redirect to site {site}"),
        _ => Act.ToString().ToLowerInvariant(),
    };
}
