using System.Text.Json.Serialization;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

/// <summary>A site that is to be tried; what is left out is not looked at.</summary>
/// <param name="SiteId">The site that would be changed; left out: a new one.</param>
/// <param name="Name">For people; no two sites have the same.</param>
/// <param name="Endpoints">Where it would listen.</param>
/// <param name="Mailroot">Its folder; left out: one named after its id.</param>
/// <param name="DefaultDomain">Its default domain.</param>
/// <param name="Fqdn">The name in its greeting.</param>
sealed record SiteCheckRequest(
    int? SiteId = null, string? Name = null, IReadOnlyList<EndpointDocument>? Endpoints = null, string? Mailroot = null,
    string? DefaultDomain = null, string? Fqdn = null)
{
    [JsonIgnore]
    public SiteConfiguration Configuration => new(
        Name ?? "", [.. (Endpoints ?? []).Select(endpoint => endpoint.Endpoint)], Mailroot, DefaultDomain, Fqdn, true, []);
}

/// <summary>Whether an endpoint can be had now.</summary>
/// <param name="Address">The address.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Free">It could be bound at this moment.</param>
/// <param name="Reason">Why not, and who has it.</param>
/// <param name="Warning">It is free, but a site that does not run has it as well.</param>
sealed record EndpointCheckResponse(string Address, int Port, bool Free, string? Reason, string? Warning);

/// <summary>What creating or changing the site would meet.</summary>
/// <param name="Ok">Nothing is in the way.</param>
/// <param name="Errors">What is not allowed, by field.</param>
/// <param name="Endpoints">Whether each can be had now.</param>
/// <param name="Mailroot">Full path of the mail root; null where it is chosen when the site is made.</param>
sealed record SiteCheckResponse(
    bool Ok, IReadOnlyDictionary<string, string[]> Errors, IReadOnlyList<EndpointCheckResponse> Endpoints, string? Mailroot)
{
    public const string ExampleRequest = """{ "name": "Branch offices", "endpoints": [ { "address": "127.0.0.1", "port": 2526 } ] }""";

    public const string Example = """
        { "ok": false, "errors": {}, "mailroot": null,
          "endpoints": [ { "address": "127.0.0.1", "port": 2526, "free": false, "warning": null,
                           "reason": "127.0.0.1:2526 is already used by another program on this machine." } ] }
        """;

    public static SiteCheckResponse Of(SiteCheck check, SiteCheckRequest asked)
    {
        var errors = check.Errors.Where(error => IsAsked(error.Key, asked)).ToDictionary(StringComparer.Ordinal);
        return new(errors.Count == 0 && check.Endpoints.All(endpoint => endpoint.IsFree), errors,
            [.. check.Endpoints.Select(one => new EndpointCheckResponse(one.Endpoint.Address, one.Endpoint.Port, one.IsFree, one.Reason, one.Warning))], check.Mailroot);
    }

    static bool IsAsked(string field, SiteCheckRequest asked) => field switch
    {
        "name" => asked.Name is not null,
        _ when field.StartsWith("endpoints", StringComparison.Ordinal) => asked.Endpoints is not null,
        _ => true,
    };
}
