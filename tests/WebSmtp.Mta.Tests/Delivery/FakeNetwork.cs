using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>A network and a DNS of the test's own: hosts by address and port, mail hosts by domain.</summary>
sealed class FakeNetwork(TimeProvider time) : IDialer, IMailRouteResolver
{
    readonly ConcurrentDictionary<string, Func<IDuplexPipe, Task>> _listeners = new();
    readonly ConcurrentDictionary<string, RouteAnswer> _domains = new();
    readonly ConcurrentDictionary<string, bool> _swallowed = new();

    /// <summary>Every address that was tried, in order.</summary>
    public ConcurrentQueue<string> Dialed { get; } = new();

    /// <summary>Who listens there: gets the server's end of each connection.</summary>
    public void Listen(string endPoint, Func<IDuplexPipe, Task> serve) => _listeners[endPoint] = serve;

    public void Listen(string endPoint, SinkHost host) => Listen(endPoint, host.ServeAsync);

    /// <summary>There nobody answers: no connection, and no refusal either.</summary>
    public void Swallow(string endPoint) => _swallowed.TryAdd(endPoint, true);

    /// <summary>MX records: preference and address, the host's name made up.</summary>
    public void Mx(string domain, params (int Preference, string Address)[] hosts) =>
        _domains[domain] = new([.. hosts.Select(host => new MailHost($"mx{host.Preference}.{domain}", IPAddress.Parse(host.Address), host.Preference))], RouteFailure.None, null);

    /// <summary>The hosts of a name are called like itself.</summary>
    public void NameHosts(string name) => _domains[name] = _domains[name] with { Hosts = [.. _domains[name].Hosts.Select(host => host with { Name = name })] };

    public void Fail(string domain, RouteFailure failure, string reason) => _domains[domain] = new([], failure, reason);

    public async Task<(IDialedConnection? Connection, string? Reason)> DialAsync(IPEndPoint remote, TimeSpan timeout, CancellationToken stop)
    {
        Dialed.Enqueue(remote.ToString());
        if (_swallowed.ContainsKey(remote.ToString()))
        {
            await Task.Delay(timeout, time, stop);
            return (null, $"{remote} did not answer within {timeout.TotalSeconds:0} seconds.");
        }
        if (!_listeners.TryGetValue(remote.ToString(), out var serve)) return (null, "connection refused");
        var pipes = new PipePair();
        _ = Task.Run(() => serve(pipes.Far), CancellationToken.None);
        return (new Connection(pipes.Near, remote), null);
    }

    public Task<RouteAnswer> ResolveAsync(string domain, CancellationToken stop) =>
        Task.FromResult(_domains.GetValueOrDefault(domain) ?? new([], RouteFailure.NoSuchDomain, $"{domain} does not exist"));

    public Task<RouteAnswer> ResolveHostAsync(string host, CancellationToken stop) => ResolveAsync(host, stop);

    sealed class Connection(IDuplexPipe transport, IPEndPoint remote) : IDialedConnection
    {
        public IDuplexPipe Transport => transport;
        public IPEndPoint Remote => remote;
        public void Abort() => _ = PipePair.CloseAsync(transport);
        public async ValueTask DisposeAsync() => await PipePair.CloseAsync(transport);
    }
}
