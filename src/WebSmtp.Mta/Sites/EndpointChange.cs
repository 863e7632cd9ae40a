namespace WebSmtp.Mta.Sites;

/// <summary>
/// A site's way from the sockets it has to those it shall have: tried, then either committed or rolled back. Sockets
/// that stay are not touched. Used by one act at a time.
/// </summary>
/// <param name="bound">The site's sockets; kept right at every step.</param>
sealed class EndpointChange(int siteId, IEndpointBinder binder, List<IBoundEndpoint> bound)
{
    readonly List<IBoundEndpoint> _opened = [];
    readonly List<SiteEndpoint> _gaveWay = [];
    List<IBoundEndpoint> _leaving = [];

    /// <summary>Binds what is new. Null: done, to be committed. Else the reason, and everything is rolled back as far as it could be.</summary>
    public async Task<string?> TryAsync(IReadOnlyList<SiteEndpoint> wanted)
    {
        _leaving = [.. bound.Where(old => !wanted.Any(endpoint => EndpointOverlap.IsSame(endpoint, old.Endpoint)))];
        var fresh = wanted.Where(endpoint => !bound.Any(old => EndpointOverlap.IsSame(endpoint, old.Endpoint)))
            // What needs an old one's place comes last: a refusal before that leaves no gap in the site's service.
            .OrderBy(endpoint => _leaving.Any(old => EndpointOverlap.Overlaps(endpoint, old.Endpoint)))
            .ToList();
        try
        {
            foreach (var endpoint in fresh)
            {
                await MakeWayAsync(endpoint);
                _opened.Add(await binder.BindAsync(siteId, endpoint, CancellationToken.None));
            }
            return null;
        }
        catch (Exception e)
        {
            await RollBackAsync();
            if (e is EndpointUnavailableException) return e.Message;
            throw;
        }
    }

    /// <summary>Closes what the site no longer has.</summary>
    public async Task CommitAsync()
    {
        bound.AddRange(_opened);
        foreach (var old in _leaving)
        {
            bound.Remove(old);
            await old.UnbindAsync();
        }
    }

    /// <summary>Closes what was opened and opens again what gave way; <see cref="Lost"/> says when that failed.</summary>
    public async Task RollBackAsync()
    {
        foreach (var fresh in _opened) await fresh.UnbindAsync();
        _opened.Clear();
        try
        {
            foreach (var endpoint in _gaveWay) bound.Add(await binder.BindAsync(siteId, endpoint, CancellationToken.None));
            _gaveWay.Clear();
        }
        catch (EndpointUnavailableException e)
        {
            Lost = e.Message;
        }
    }

    /// <summary>Why an old socket could not be had again by rolling back; null when all are there.</summary>
    public string? Lost { get; private set; }

    async Task MakeWayAsync(SiteEndpoint endpoint)
    {
        foreach (var old in _leaving.Where(old => EndpointOverlap.Overlaps(endpoint, old.Endpoint)).ToList())
        {
            _leaving.Remove(old);
            bound.Remove(old);
            _gaveWay.Add(old.Endpoint);
            await old.UnbindAsync();
        }
    }
}
