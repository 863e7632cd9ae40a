using System.Text.Json.Serialization;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Api;

/// <summary>How a collector asks for mail.</summary>
enum CollectorMethod { Etrn, Turn, Atrn }

/// <summary>What collects mail for a site that another server holds.</summary>
/// <param name="Name">Unique in its site, compared without case.</param>
/// <param name="Enabled">It runs by its schedule. On demand it runs anyway.</param>
/// <param name="Host">The provider's name or address.</param>
/// <param name="Port">TCP port; ODMR (ATRN) is mostly 366.</param>
/// <param name="Tls">none, opportunistic, require (with any certificate), verify (certificate and name), or implicit (from the first byte, verified).</param>
/// <param name="CertificateAuthority">PEM of the authorities to trust instead of the system's; for verify and implicit.</param>
/// <param name="Method">etrn: the mail comes over connections of its own. turn, atrn: over this one.</param>
/// <param name="Username">To log in with; null: no log-in.</param>
/// <param name="Domains">What is asked for. etrn: domains, @domain with its subdomains, #name. atrn: domains, none means all. turn: none.</param>
/// <param name="Schedule">Cron expression of five fields, in UTC.</param>
/// <param name="Every">Runs so long after the start of the run before, in place of a schedule.</param>
/// <param name="LastRun">Its newest run; null: it never ran.</param>
/// <param name="NextRun">When it runs by itself; null: on demand only.</param>
sealed record CollectorResponse(
    string Name, bool Enabled, string Host, int Port, HostTls Tls, string? CertificateAuthority, CollectorMethod Method, string? Username,
    IReadOnlyList<string> Domains, string? Schedule, TimeSpan? Every, CollectorRunResponse? LastRun, DateTimeOffset? NextRun)
{
    public static CollectorResponse Of(CollectorView view)
    {
        var one = view.Collector;
        return new(
            one.Name, one.Enabled, one.Host, one.Port, one.Tls, one.CertificateAuthority, CollectorRequest.MethodOf(one), one.Username,
            one.Domains, one.Schedule, one.Every, view.LastRun is { } run ? CollectorRunResponse.Of(run) : null, view.NextRun);
    }
}

/// <summary>One run of a collector.</summary>
/// <param name="Id">Grows from run to run.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">Null while it runs.</param>
/// <param name="Result">running, collected, nothing or failed.</param>
/// <param name="End">How it ended, and what to do where something can be done; null while it runs.</param>
/// <param name="Messages">Taken into the site's queue. With ETRN they come over other connections and are not counted.</param>
/// <param name="Bytes">Their content.</param>
/// <param name="By">schedule, or who asked for it.</param>
sealed record CollectorRunResponse(
    long Id, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, CollectorResult Result, string? End, long Messages, long Bytes, string By)
{
    public static CollectorRunResponse Of(CollectorRun run) =>
        new(run.Id, run.StartedAt, run.EndedAt, run.Result, run.End, run.Messages, run.Bytes, run.By);
}

/// <summary>A run and what was said in it.</summary>
/// <param name="Run">The run.</param>
/// <param name="Transcript">Lines: C: is what the client said, S: the server; after TURN and ATRN the provider is the client.</param>
sealed record CollectorRunDetailsResponse(CollectorRunResponse Run, IReadOnlyList<string> Transcript);

/// <summary>What can be written about a collector.</summary>
/// <param name="Name">Unique in its site, compared without case; it cannot be changed.</param>
/// <param name="Host">The provider's name or address; an IPv6 address stands in brackets.</param>
/// <param name="Method">etrn, turn or atrn.</param>
/// <param name="Enabled">It runs by its schedule.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Tls">none, opportunistic, require, verify or implicit. Without TLS a password is sent readable only where tls is none.</param>
/// <param name="CertificateAuthority">PEM of the authorities to trust instead of the system's; for verify and implicit.</param>
/// <param name="Username">To log in with; null: no log-in, and the password is forgotten.</param>
/// <param name="Password">Needed with a username; never shown.</param>
/// <param name="Domains">What is asked for.</param>
/// <param name="Schedule">Cron expression of five fields, in UTC; not together with every.</param>
/// <param name="Every">Runs so long after the start of the run before.</param>
sealed record CollectorRequest(
    string Name, string Host, CollectorMethod Method, bool Enabled = true, int Port = 25, HostTls Tls = HostTls.Opportunistic,
    string? CertificateAuthority = null, string? Username = null, string? Password = null, IReadOnlyList<string>? Domains = null,
    string? Schedule = null, TimeSpan? Every = null)
{
    [JsonIgnore]
    public CollectorConfiguration Configuration => new(
        Name, Enabled, Host, Port, Tls, CertificateAuthority, Method switch
        {
            CollectorMethod.Etrn => CollectionMethod.Etrn,
            CollectorMethod.Turn => CollectionMethod.Turn,
            _ => CollectionMethod.Atrn,
        }, Username, Password, Domains ?? [], Schedule, Every);

    public static CollectorRequest ForPatch(Collector one) => new(
        // Addresses are written in brackets, where they need them.
        one.Name, one.Host.Contains(':', StringComparison.Ordinal) ? $"[{one.Host}]" : one.Host, MethodOf(one), one.Enabled, one.Port, one.Tls,
        one.CertificateAuthority, one.Username, null, one.Domains, one.Schedule, one.Every);

    public static CollectorMethod MethodOf(Collector one) => one.Method switch
    {
        CollectionMethod.Etrn => CollectorMethod.Etrn,
        CollectionMethod.Turn => CollectorMethod.Turn,
        _ => CollectorMethod.Atrn,
    };
}

static class CollectorExamples
{
    public const string New = """
        { "name": "provider", "host": "odmr.provider.example", "port": 366, "tls": "verify", "method": "atrn",
          "username": "testserver", "password": "correct horse battery", "domains": [ "test.com" ], "every": "PT15M" }
        """;

    public const string Run = """
        { "id": 41, "startedAt": "2026-11-23T08:00:00Z", "endedAt": "2026-11-23T08:00:02Z", "result": "collected",
          "end": "12 messages collected.", "messages": 12, "bytes": 48211, "by": "schedule" }
        """;

    public const string Started = """
        { "id": 42, "startedAt": "2026-11-23T08:07:31Z", "endedAt": null, "result": "running", "end": null, "messages": 0, "bytes": 0, "by": "admin" }
        """;

    public const string Details = $$"""
        { "run": {{Run}}, "transcript": [ "-: connected to 192.0.2.7:366", "S: 220 odmr.provider.example ESMTP", "C: EHLO branch.example" ] }
        """;

    public const string Collector = $$"""
        { "name": "provider", "enabled": true, "host": "odmr.provider.example", "port": 366, "tls": "verify", "certificateAuthority": null,
          "method": "atrn", "username": "testserver", "domains": [ "test.com" ], "schedule": null, "every": "PT15M",
          "lastRun": {{Run}}, "nextRun": "2026-11-23T08:15:00Z" }
        """;
}
