using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Routing;

namespace WebSmtp.Api;

/// <summary>What others see when they have mail for a domain, or from it.</summary>
/// <param name="Domain">The domain.</param>
/// <param name="Hosts">Where others send its mail, in their order.</param>
/// <param name="Findings">MX, SPF, DKIM, DMARC, MTA-STS and TLS-RPT, each with a verdict.</param>
sealed record DomainDnsResponse(string Domain, IReadOnlyList<DnsHostResponse> Hosts, IReadOnlyList<DnsFindingResponse> Findings)
{
    public const string Example = """
        { "domain": "test.com",
          "hosts": [ { "name": "mx.test.com", "preference": 10, "addresses": [ "192.0.2.7" ], "isOurs": false, "trouble": null, "answer": "220 mx.test.com ESMTP" } ],
          "findings": [ { "topic": "SPF", "verdict": "good", "says": "Mail of other hosts is to be refused (-all).",
                          "records": [ "v=spf1 mx -all" ], "publish": null } ] }
        """;

    public static DomainDnsResponse Of(DomainDns found) => new(
        found.Domain,
        [.. found.Hosts.Select(host => new DnsHostResponse(host.Name, host.Preference, host.Addresses, host.IsOurs, host.Trouble, host.Answer))],
        [.. found.Findings.Select(finding => new DnsFindingResponse(finding.Topic, finding.Verdict, finding.Says, finding.Records, finding.Publish))]);
}

/// <summary>A host that others would send the domain's mail to.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Preference">Of its MX record; 0 where there is none.</param>
/// <param name="Addresses">Its IP addresses.</param>
/// <param name="IsOurs">This server listens on one of them, at port 25.</param>
/// <param name="Trouble">Why it has no address.</param>
/// <param name="Answer">With connect: its greeting, or why there is none.</param>
sealed record DnsHostResponse(string Name, int Preference, IReadOnlyList<string> Addresses, bool IsOurs, string? Trouble, string? Answer);

/// <summary>What was found out about one thing that a domain publishes.</summary>
/// <param name="Topic">MX, SPF, DKIM, DMARC, MTA-STS or TLS-RPT.</param>
/// <param name="Verdict">good; missing: not published, mail works without it; warning; bad; unknown: DNS could not say.</param>
/// <param name="Says">In plain words.</param>
/// <param name="Records">As they are in DNS.</param>
/// <param name="Publish">A record that would mend it.</param>
sealed record DnsFindingResponse(string Topic, DnsVerdict Verdict, string Says, IReadOnlyList<string> Records, string? Publish);

static class DomainDnsEndpoints
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/sites/{id:int}/domains/{name}/dns", GetAsync)
        .Describe(Role.Viewer, "Domains", "Check a domain's DNS",
            "Looks at the domain as others do, by the DNS servers that deliveries ask: MX, SPF, DKIM (selectors, separated by commas; usual ones otherwise), DMARC, MTA-STS and TLS-RPT, with verdicts and what to publish. connect=true reads the greeting of its mail hosts, policy=true fetches its MTA-STS policy; both need the role operator.",
            404, 503)
        .Produces<DomainDnsResponse>().Example(response: DomainDnsResponse.Example);

    static async Task<IResult> GetAsync(HttpContext context, DomainDnsCheck check, int id, string name, string? selectors, string? connect, string? policy)
    {
        if (Flag("connect", connect, out var wantsConnect) is { } wrong) return wrong.Answer();
        if (Flag("policy", policy, out var wantsPolicy) is { } bad) return bad.Answer();
        var wishes = new DnsWishes((selectors ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), wantsConnect, wantsPolicy);
        var found = await check.CheckAsync(id, name, wishes, context.Actor(), context.RequestAborted);
        return found.Value is { } dns ? context.Show(DomainDnsResponse.Of(dns)) : found.Problem!.Answer();
    }

    static Problem? Flag(string name, string? text, out bool value)
    {
        value = text is "true";
        return text is null or "true" or "false" ? null : Problem.Invalid(name, $"'{text}' is not allowed; give true or false.");
    }
}
