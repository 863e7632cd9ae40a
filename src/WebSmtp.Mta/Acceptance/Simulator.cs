using System.Net;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>
/// Answers "what would happen to this message": plays the conversation with a real session of the site over pipes in
/// memory, up to RCPT, and works out the route as a delivery does. Thread-safe.
/// </summary>
/// <param name="options">What a session of a site must know, for one of its endpoints and the client's address.</param>
public sealed class Simulator(
    SiteRegistry sites, SiteOperations operations, MailSinkFactory sinks, RoutePlanner planner, Outbound outbound, TimeProvider time,
    Func<SiteSnapshot, SiteEndpoint, IPAddress, ServerSessionOptions> options)
{
    const string Domain = "a domain, such as user@example.com";
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    static readonly IReadOnlyList<Setting> Limits =
    [
        SettingsTable.MaxMessageSize, SettingsTable.MaxRecipientsPerMessage, SettingsTable.MaxMessagesPerSession, SettingsTable.MaxHops,
        SettingsTable.RetryIntervals, SettingsTable.ExpireAfter, SettingsTable.MaxMessagesPerConnection,
        SettingsTable.MaxOutboundConnections, SettingsTable.MaxOutboundConnectionsPerDomain,
        SettingsTable.MaxOutboundMessagesPerMinute, SettingsTable.MaxOutboundMessagesPerDay,
    ];

    /// <param name="draft">A change that is not made yet; null: the site as it is.</param>
    public async Task<Result<SimulationOutcome>> SimulateAsync(int siteId, SimulatedMail mail, SimulatedDraft? draft, Actor actor, CancellationToken stop)
    {
        if (actor.Demand(Role.Viewer) is { } refusal) return refusal;
        if (sites.Find(siteId) is not { } view) return Problem.NotFound($"There is no site {siteId}.");
        mail = mail with { MailFrom = Bare(mail.MailFrom), RcptTo = Bare(mail.RcptTo) };
        var complaints = new Complaints();
        if (mail.MailFrom.Length > 0 && !IsAddress(mail.MailFrom)) complaints.Add("mailFrom", $"'{mail.MailFrom}' is not an address; give one with {Domain}, or <> for the null sender.");
        if (!IsAddress(mail.RcptTo)) complaints.Add("rcptTo", $"'{mail.RcptTo}' is not an address; give one with {Domain}.");
        if (mail.Size is < 0) complaints.Add("size", $"{mail.Size} is not a size; give a number of bytes.");
        if (complaints.ToProblem() is { } problem) return problem;

        var site = view.Site;
        if (draft is not null)
        {
            var drafted = await operations.DraftAsync(siteId, draft.Settings, draft.Domain, stop);
            if (drafted.Value is not { } changed) return drafted.Problem!;
            site = changed;
        }
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        var steps = new List<SimulatedStep>();
        if (view.State is not SiteState.Running)
            steps.Add(new("CONNECT", "the site's state", $"The site is {view.State.ToString().ToLowerInvariant()}: it takes no connections now. If it did:"));
        var reply = await new SimulatedConversation(site, new(sinks, site), mail, steps, options, time).PlayAsync(either.Token);

        var domain = site.RuleFor(DomainOf(site, mail.RcptTo)) is { } rule ? rule.Settings : site.Settings;
        var limits = Limits.ToDictionary(setting => setting.Name, domain.Show, StringComparer.Ordinal);
        var decision = reply switch { ['2', ..] => SimulatedDecision.Accept, ['4', ..] => SimulatedDecision.Defer, _ => SimulatedDecision.Reject };
        var origins = Limits.ToDictionary(setting => setting.Name, domain.Origin, StringComparer.Ordinal);
        return new SimulationOutcome(
            decision, reply, steps, await RouteAsync(site, DomainOf(site, mail.RcptTo), stop), limits, origins,
            RuleTrail.Of(site, mail, DomainOf(site, mail.RcptTo), steps));
    }

    async Task<SimulatedRoute> RouteAsync(SiteSnapshot site, string domain, CancellationToken stop)
    {
        var plan = planner.Plan(site, domain);
        var (hosts, trouble) = (new List<NextHop>(), new List<string>());
        var (stopped, reasons) = (new HashSet<RouteHop>(), new HashSet<string?>(StringComparer.Ordinal));
        if (plan.Type is RouteType.SmartHost && plan.Hops.Count == 0) trouble.Add("The smart hosts that the route names do not exist.");
        foreach (var hop in plan.Hops)
        {
            var (found, failure) = await outbound.NextHops.FindAsync(hop, plan.Settings, stop);
            hosts.AddRange(found);
            if (failure is not null) trouble.Add($"{hop.Route}: {failure}");
            if (StateOf(hop) is { State: not RouteCondition.Ok } state)
            {
                trouble.Add(Describe(state));
                stopped.Add(hop);
                reasons.Add(state.Reason);
            }
        }
        // What was said of a smart host is not said again of the route.
        if (outbound.States.Find(plan.Name, site.Id) is { State: not RouteCondition.Ok } now && !reasons.Contains(now.Reason)) trouble.Add(Describe(now));
        var rule = site.RuleFor(domain);
        var folder = plan.Type is not RouteType.Drop ? null : rule?.Route.Directory is { } directory ? outbound.Full(directory) : site.Folders.Drop;
        // As a delivery takes them: hosts that could not be reached lately when all others had their turn, and at the very
        // end those of smart hosts that may not be used now.
        var inOrder = hosts.OrderBy(host => stopped.Contains(host.Of) ? 2 : outbound.Health.IsCoolingDown(host.Remote) ? 1 : 0)
            .Select(host => new SimulatedHost(host.Name, host.Remote.Address.ToString(), host.Remote.Port, host.Preference, host.Tls, host.Of.Route));
        return new(plan.Type, plan.Rule, folder, [.. inOrder], trouble);
    }

    RouteState? StateOf(RouteHop hop) => hop is RouteHop.Via ? outbound.States.Find(hop.Route) : null;

    static string Describe(RouteState state)
    {
        var how = state.State switch
        {
            RouteCondition.OnHold => "on hold",
            RouteCondition.OverBudget => "over its budget",
            RouteCondition.CoolingDown => "not tried",
            RouteCondition.Ok => "well",
        };
        return $"{state.Route} is {how} until {state.Until:u}: {state.Reason}";
    }

    /// <summary>As it stands in MAIL and RCPT.</summary>
    static string Bare(string address) => address.Trim() is ['<', .. var inner, '>'] ? inner : address;

    static bool IsAddress(string text) => text.Length <= 320 && !text.Any(c => c is '\r' or '\n' or '<' or '>' or '\0') && !text.StartsWith(' ');

    static string DomainOf(SiteSnapshot site, string address)
    {
        var at = address.LastIndexOf('@');
        if (at < 0 || at == address.Length - 1) return site.DefaultDomain;
        var domain = address[(at + 1)..];
        return DomainName.TryParse(domain, out var name) ? name : domain;
    }
}
