using System.Net;

namespace WebSmtp.Mta.Routing;

/// <summary>Asks DNS where mail for a domain goes. Thread-safe.</summary>
public interface IMailRouteResolver
{
    /// <summary>
    /// The hosts in the order to try: MX by preference (equal ones shuffled), or the domain itself as implicit MX
    /// (RFC 5321 section 5.1), each with its addresses. A null MX (RFC 7505) is <see cref="RouteFailure.NullMx"/>.
    /// </summary>
    Task<RouteAnswer> ResolveAsync(string domain, CancellationToken stop);

    /// <summary>The addresses of one host, A before AAAA; an address in brackets is itself.</summary>
    Task<RouteAnswer> ResolveHostAsync(string host, CancellationToken stop);
}

/// <summary>A host and one of its addresses to connect to.</summary>
public sealed record MailHost(string Name, IPAddress Address, int Preference);

/// <summary>Why DNS gave no hosts.</summary>
public enum RouteFailure { None, NoSuchDomain, NoHosts, NullMx, Temporary }

/// <summary>Hosts, or why there are none, with one sentence for people.</summary>
public sealed record RouteAnswer(IReadOnlyList<MailHost> Hosts, RouteFailure Failure, string? Reason);
