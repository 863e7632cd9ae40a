using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>Kept smart hosts. Every change is in the database and in the registry when its task completes. Thread-safe.</summary>
/// <param name="gate">The one of the program, shared with the operations on sites: routes name smart hosts.</param>
public sealed class SmartHostOperations(
    ISmartHostStore store, SmartHostRegistry registry, SmartHostRules rules, SmartHostCredentials credentials, SmartHostTest test,
    SiteRegistry sites, Audit audit, ActGate gate, ILogger<SmartHostOperations> log)
{
    const int MaxNameLength = 64;

    /// <summary>Takes up what the database has; before any mail is routed.</summary>
    public async Task LoadAsync(CancellationToken stop) => registry.Set(await store.ListAsync(stop));

    public IReadOnlyCollection<SmartHost> List() => [.. registry.Hosts.Values];

    public Result<SmartHost> Find(string name) => registry.Find(name) is { } host ? host : NoHost(name);

    public SmartHostStatus StatusOf(SmartHost host) => credentials.StatusOf(host.Target);

    /// <summary>Until when the certificate is good that is shown to it; null: there is none, or it cannot be read.</summary>
    public DateTimeOffset? CertificateEndOf(SmartHost host) => credentials.CertificateEndOf(host.Target);

    public Task<Result<SmartHost>> CreateAsync(SmartHostConfiguration wanted, Actor actor, CancellationToken stop) =>
        audit.ActAsync<SmartHost>(actor, Role.Administrator, "create", $"smarthosts/{wanted.Name}", async act =>
        {
            using var pass = await gate.EnterAsync(stop);
            var complaints = new Complaints();
            CheckName(wanted.Name, complaints);
            var host = new SmartHost { Name = wanted.Name, Target = rules.Target(wanted.Target, null, complaints), Limits = Limits(wanted.Limits, complaints) };
            if (complaints.ToProblem() is { } problem) return problem;
            if (!await store.AddAsync(host, CancellationToken.None)) return Problem.Conflict($"There is a smart host '{wanted.Name}' already.");
            act.Changes(null, AuditImage.Of(host));
            return Follow(host, "made", actor);
        });

    /// <param name="version">The version that the change was made from; null: whatever is there.</param>
    public Task<Result<SmartHost>> UpdateAsync(
        string name, SmartHostConfiguration wanted, long? version, Actor actor, CancellationToken stop) =>
        audit.ActAsync<SmartHost>(actor, Role.Administrator, "change", $"smarthosts/{name}", async act =>
        {
            using var pass = await gate.EnterAsync(stop);
            if (registry.Find(name) is not { } before) return NoHost(name);
            if (version is not null && version != before.Version) return Stale(before);
            var complaints = new Complaints();
            if (wanted.Name != before.Name) complaints.Add("name", "A smart host's name cannot be changed; make another one.");
            var host = new SmartHost
            {
                Id = before.Id,
                Name = before.Name,
                Target = rules.Target(wanted.Target, before.Target, complaints),
                Limits = Limits(wanted.Limits, complaints),
                Version = before.Version,
            };
            if (complaints.ToProblem() is { } problem) return problem;
            if (!await store.UpdateAsync(host, CancellationToken.None)) return Stale(before);
            act.Changes(AuditImage.Of(before), AuditImage.Of(host));
            credentials.Forget(before.Target);
            return Follow(host, "changed", actor);
        });

    /// <summary>Null: done. Refused (Conflict) while a site or a domain uses it; the detail names them.</summary>
    public Task<Problem?> DeleteAsync(string name, long? version, Actor actor, CancellationToken stop) =>
        audit.ActAsync(actor, Role.Administrator, "delete", $"smarthosts/{name}", async act =>
        {
            using var pass = await gate.EnterAsync(stop);
            if (registry.Find(name) is not { } host) return NoHost(name);
            if (version is not null && version != host.Version) return Stale(host);
            if (UsersOf(host.Name) is { Count: > 0 } users)
                return Problem.Conflict($"Smart host '{host.Name}' is used by {string.Join(", ", users)}; take it from there first.");
            await store.DeleteAsync(host.Id, CancellationToken.None);
            registry.Set(registry.Hosts.Values.Where(other => other.Id != host.Id));
            credentials.Forget(host.Target);
            act.Changes(AuditImage.Of(host), null);
            Log.SmartHostChanged(log, host.Name, "deleted", actor.Name, actor.From);
            return null;
        });

    /// <summary>Connects and logs in as a delivery would, and says how far that went; with addresses it sends one message.</summary>
    public Task<Result<SmartHostTestResult>> TestAsync(string name, string? from, string? to, Actor actor, CancellationToken stop) =>
        audit.ActAsync<SmartHostTestResult>(actor, Role.Operator, "test", $"smarthosts/{name}", async _ =>
        {
            if (registry.Find(name) is not { } host) return NoHost(name);
            var complaints = new Complaints();
            var message = SmartHostTest.Envelope(from, to, complaints);
            if (complaints.ToProblem() is { } problem) return problem;
            // What is wrong now is asked for, not what was wrong a moment ago.
            credentials.Forget(host.Target);
            var result = await test.RunAsync(host.Target, message, stop);
            Log.SmartHostTested(log, host.Name, actor.Name, actor.From, result.Ok ? "it works" : $"{result.Steps[^1].Step} failed");
            return result;
        });

    /// <summary>The sites and domains whose routes name it, in words.</summary>
    public IReadOnlyList<string> UsersOf(string name)
    {
        var users = new List<string>();
        foreach (var site in sites.Sites.Values.Select(view => view.Site).OrderBy(site => site.Id))
        {
            if (Uses(site.Settings.Get(SettingsTable.SmartHost))) users.Add($"site '{site.Name}' ({site.Id})");
            users.AddRange(site.Domains.Where(domain => domain.Kind is not DomainKind.Alias && Uses(domain.Route.SmartHost))
                .Select(domain => $"domain {domain.Name} of site '{site.Name}' ({site.Id})").Order(StringComparer.Ordinal));
        }
        return users;

        bool Uses(SmartHostRoute? route) => route?.Use.Contains(name, StringComparer.OrdinalIgnoreCase) is true;
    }

    SmartHost Follow(SmartHost host, string act, Actor actor)
    {
        registry.Put(host);
        Log.SmartHostChanged(log, host.Name, act, actor.Name, actor.From);
        return host;
    }

    /// <summary>Such a name stands in an address of the API, in a list with commas, and on a command line.</summary>
    static void CheckName(string name, Complaints complaints)
    {
        if (name.Length is 0 or > MaxNameLength || name is "." or ".." || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            complaints.Add("name", $"A name has 1 to {MaxNameLength} letters, digits, hyphens, underscores and dots, and is not a dot or two.");
    }

    static SmartHostLimits Limits(SmartHostLimits wanted, Complaints complaints)
    {
        return new(Limit(wanted.Connections, "connections"), Limit(wanted.PerMinute, "perMinute"), Limit(wanted.PerDay, "perDay"));

        int? Limit(int? value, string member)
        {
            if (value < 0) complaints.Add($"limits.{member}", "Give a whole number; 0 or null for no limit.");
            return value is 0 ? null : value;
        }
    }

    static Problem NoHost(string name) => Problem.NotFound($"There is no smart host '{name}'.");

    static Problem Stale(SmartHost host) => Problem.Stale($"Smart host '{host.Name}' was changed meanwhile; read it again.");
}
