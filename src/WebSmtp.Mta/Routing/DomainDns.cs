namespace WebSmtp.Mta.Routing;

/// <summary>How a finding is meant. <see cref="Missing"/>: it is not published, and mail works without it.</summary>
public enum DnsVerdict { Good, Missing, Warning, Bad, Unknown }

/// <summary>What was found out about one thing that a domain publishes.</summary>
/// <param name="Topic">MX, SPF, DKIM, DMARC, MTA-STS, TLS-RPT.</param>
/// <param name="Says">One or two sentences for an administrator.</param>
/// <param name="Records">As they are in DNS.</param>
/// <param name="Publish">A record that would mend it: name, type and data.</param>
public sealed record DnsFinding(string Topic, DnsVerdict Verdict, string Says, IReadOnlyList<string> Records, string? Publish = null);

/// <summary>A host that others would send the domain's mail to.</summary>
/// <param name="IsOurs">One of its addresses is a listener of this server.</param>
/// <param name="Answer">Of a connection that was tried: the greeting, or why there is none.</param>
public sealed record DnsMailHost(int Preference, string Name, IReadOnlyList<string> Addresses, bool IsOurs, string? Trouble, string? Answer);

/// <summary>What others see when they have mail for a domain, or from it.</summary>
public sealed record DomainDns(string Domain, IReadOnlyList<DnsMailHost> Hosts, IReadOnlyList<DnsFinding> Findings);

/// <summary>What is to be looked at beside the records.</summary>
/// <param name="Selectors">DKIM selectors to look for; none: usual ones.</param>
/// <param name="Connect">The mail hosts are connected to, to read their greeting.</param>
/// <param name="Policy">The MTA-STS policy is fetched.</param>
public sealed record DnsWishes(IReadOnlyList<string> Selectors, bool Connect, bool Policy);
