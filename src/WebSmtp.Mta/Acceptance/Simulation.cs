using System.Net;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Acceptance;

/// <summary>What is asked: one message of one client, without its content.</summary>
/// <param name="Account">The client has logged in as this account; null: it has not.</param>
/// <param name="Size">Bytes that the client announces; null: it does not.</param>
public sealed record SimulatedMail(IPAddress Client, bool Tls, string? Account, string MailFrom, string RcptTo, long? Size = null);

/// <summary>A change that is not made yet, to see what it would do.</summary>
/// <param name="Settings">All settings that the site would have set; null: as they are.</param>
/// <param name="Domain">A domain of it as it would be, new or in place of the one with its name; null: as they are.</param>
public sealed record SimulatedDraft(System.Text.Json.Nodes.JsonObject? Settings, DomainConfiguration? Domain);

/// <summary>What became of the simulated conversation.</summary>
public enum SimulatedDecision { Accept, Reject, Defer }

/// <summary>One thing that the site would say, and the rule that decides about it.</summary>
/// <param name="Stage">CONNECT, STARTTLS, EHLO, AUTH, MAIL, RCPT.</param>
/// <param name="Result">The reply, or a sentence where there is none.</param>
/// <param name="Command">What the client says; null where the site speaks first.</param>
public sealed record SimulatedStep(string Stage, string Rule, string Result, string? Command = null);

/// <summary>A rule that was looked at on the way.</summary>
/// <param name="Rule">A setting or a domain rule, by name.</param>
/// <param name="Finding">What it says about this message.</param>
/// <param name="Matched">It speaks of this message.</param>
/// <param name="Decided">The last reply is as it is because of it.</param>
public sealed record SimulatedRule(string Stage, string Rule, string Finding, bool Matched, bool Decided = false);

/// <summary>A host that would be connected to.</summary>
/// <param name="Via">The domain or the smart host that it belongs to.</param>
public sealed record SimulatedHost(string Name, string Address, int Port, int Preference, HostTls Tls, string Via);

/// <summary>Where the mail would go.</summary>
/// <param name="Folder">For local delivery.</param>
/// <param name="Hosts">In the order to try.</param>
/// <param name="Trouble">Why there are no (more) hosts, and how the route does now.</param>
public sealed record SimulatedRoute(
    RouteType Type, string? DomainRule, string? Folder, IReadOnlyList<SimulatedHost> Hosts, IReadOnlyList<string> Trouble);

/// <summary>What the site would do with a message; nothing was sent, and nothing is kept.</summary>
/// <param name="Reply">The one that decided.</param>
/// <param name="Limits">Settings that hold for the message, by name; as JSON shows them.</param>
/// <param name="LimitOrigins">Where each of these comes from.</param>
/// <param name="Rules">What was looked at, in order.</param>
public sealed record SimulationOutcome(
    SimulatedDecision Decision, string Reply, IReadOnlyList<SimulatedStep> Steps, SimulatedRoute Route,
    IReadOnlyDictionary<string, System.Text.Json.Nodes.JsonNode?> Limits, IReadOnlyDictionary<string, Settings.SettingOrigin> LimitOrigins,
    IReadOnlyList<SimulatedRule> Rules);
