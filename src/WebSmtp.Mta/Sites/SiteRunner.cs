namespace WebSmtp.Mta.Sites;

/// <summary>What one site is doing, and the sockets that it has. Used by one act at a time.</summary>
sealed class SiteRunner(SiteSnapshot site, IEndpointBinder binder)
{
    readonly List<IBoundEndpoint> _bound = [];

    public int Id { get; } = site.Id;
    public SiteSnapshot Site { get; set; } = site;
    public SiteState State { get; private set; }

    /// <summary>Why it is in this state, where that needs saying.</summary>
    public string? Reason { get; private set; }

    /// <summary>The endpoints that nobody else can have now.</summary>
    public IEnumerable<SiteEndpoint> Held => _bound.Select(socket => socket.Endpoint);
    public bool IsBound => _bound.Count > 0;

    public void Enter(SiteState state, string? reason = null) => (State, Reason) = (state, reason);

    /// <summary>To other endpoints, from whatever it has; see there.</summary>
    public EndpointChange Change() => new(Id, binder, _bound);

    /// <summary>Frees all endpoints; sessions go on.</summary>
    public async Task UnbindAsync()
    {
        foreach (var socket in _bound) await socket.UnbindAsync();
        _bound.Clear();
    }
}
