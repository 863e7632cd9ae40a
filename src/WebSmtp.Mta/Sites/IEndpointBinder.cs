namespace WebSmtp.Mta.Sites;

/// <summary>Opens listening sockets for sites. Connections that arrive are served at once, by the site's current snapshot.</summary>
public interface IEndpointBinder
{
    /// <summary>Binds and begins to accept. Throws <see cref="EndpointUnavailableException"/> when the system refuses.</summary>
    ValueTask<IBoundEndpoint> BindAsync(int siteId, SiteEndpoint endpoint, CancellationToken stop);

    /// <summary>Tries whether it could be bound, and lets go of it at once; nobody can connect. Null: it could; else one sentence.</summary>
    string? Probe(SiteEndpoint endpoint);
}

/// <summary>A listening socket. Unbinding frees the port at once; sessions that run are not touched.</summary>
public interface IBoundEndpoint
{
    SiteEndpoint Endpoint { get; }
    ValueTask UnbindAsync();
}

/// <summary>The system refused an address or port. The message is one sentence for the administrator.</summary>
public sealed class EndpointUnavailableException : Exception
{
    public EndpointUnavailableException() { }
    public EndpointUnavailableException(string message) : base(message) { }
    public EndpointUnavailableException(string message, Exception inner) : base(message, inner) { }
}
