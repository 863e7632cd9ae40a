using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

/// <summary>A machine without a network: knows what is bound, and refuses what a system would refuse.</summary>
sealed class MemoryBinder : IEndpointBinder
{
    readonly List<Socket> _bound = [];

    /// <summary>Every bind and unbind in order: <c>+127.0.0.1:25</c>, <c>-127.0.0.1:25</c>.</summary>
    public List<string> History { get; } = [];

    /// <summary>Endpoints that some other program on the machine has.</summary>
    public HashSet<string> Foreign { get; } = [];

    /// <summary>What is bound now, in order.</summary>
    public IEnumerable<string> Bound => _bound.Select(socket => EndpointOverlap.Show(socket.Endpoint)).Order(StringComparer.Ordinal);

    public ValueTask<IBoundEndpoint> BindAsync(int siteId, SiteEndpoint endpoint, CancellationToken stop)
    {
        var name = EndpointOverlap.Show(endpoint);
        if (Foreign.Contains(name)) throw new EndpointUnavailableException($"{name} is used by another program.");
        if (_bound.Exists(socket => EndpointOverlap.Overlaps(socket.Endpoint, endpoint)))
            throw new EndpointUnavailableException($"{name}: address already in use.");
        var bound = new Socket(this, endpoint);
        _bound.Add(bound);
        History.Add("+" + name);
        return new(bound);
    }

    public string? Probe(SiteEndpoint endpoint)
    {
        var name = EndpointOverlap.Show(endpoint);
        return Foreign.Contains(name) || _bound.Exists(socket => EndpointOverlap.Overlaps(socket.Endpoint, endpoint)) ? $"{name} is used by another program." : null;
    }

    sealed record Socket(MemoryBinder Binder, SiteEndpoint Endpoint) : IBoundEndpoint
    {
        public ValueTask UnbindAsync()
        {
            Assert.True(Binder._bound.Remove(this), "An endpoint was unbound twice.");
            Binder.History.Add("-" + EndpointOverlap.Show(Endpoint));
            return default;
        }
    }
}
