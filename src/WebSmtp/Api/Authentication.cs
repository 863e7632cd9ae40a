using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Api;

/// <summary>
/// Who may use the API: bearers of a key, and browsers that are logged in to the web admin. The name is in
/// <see cref="ClaimTypes.Name"/>, the role in <see cref="ClaimTypes.Role"/> as the name of the <see cref="Role"/>.
/// </summary>
static class Authentication
{
    public const string KeyScheme = "ApiKey";

    /// <summary>The web admin's own scheme.</summary>
    public const string CookieScheme = "cookie";

    /// <summary>A browser sends it across origins only after asking, and we never answer that it may.</summary>
    public const string AntiforgeryHeader = "X-Requested-With";

    const string DoorClaim = "door";

    /// <summary>The authorization policy of the API for a role and those above it.</summary>
    public static string Policy(Role role) => $"api-{role}";

    public static void AddApiAuthentication(this IServiceCollection services)
    {
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(KeyScheme, null);
        var authorization = services.AddAuthorizationBuilder();
        foreach (var role in Enum.GetValues<Role>())
        {
            authorization.AddPolicy(Policy(role), policy => policy
                .AddAuthenticationSchemes(KeyScheme).RequireAuthenticatedUser()
                .RequireAssertion(context => RoleOf(context.User) >= role));
        }
    }

    /// <summary>Who asks, for the operations and their record.</summary>
    public static Actor Actor(this HttpContext context) => new(
        context.User.FindFirstValue(ClaimTypes.Name) ?? "?", RoleOf(context.User) ?? Role.Viewer, AddressOf(context),
        context.User.HasClaim(DoorClaim, nameof(Door.CommandLine)) ? Door.CommandLine
            : context.User.Identity?.AuthenticationType is KeyScheme ? Door.Key : Door.Web);

    /// <summary>The key that a request brings; null: none, or not as a bearer's.</summary>
    public static string? BearerOf(HttpRequest request) =>
        AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var given)
        && string.Equals(given.Scheme, "Bearer", StringComparison.OrdinalIgnoreCase) && given.Parameter is { Length: > 0 } text
            ? text
            : null;

    static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "local";

    /// <summary>
    /// A cookie goes along with requests that another site's page makes; those must not change anything here. A key does
    /// not, so it needs no such proof.
    /// </summary>
    public static ValueTask<object?> RefuseForgeries(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var request = context.HttpContext.Request;
        var byCookie = context.HttpContext.User.Identity?.AuthenticationType is not KeyScheme;
        if (!byCookie || HttpMethods.IsGet(request.Method) || IsOurs(request)) return next(context);
        return new(Problem.Forbidden(
            $"With a browser's log-in, changes need an Origin header of this server or the header {AntiforgeryHeader}.").Answer());
    }

    static bool IsOurs(HttpRequest request) => request.Headers.Origin is [{ } origin]
        ? string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
        : request.Headers.ContainsKey(AntiforgeryHeader);

    static Role? RoleOf(ClaimsPrincipal user) =>
        Enum.TryParse<Role>(user.FindFirstValue(ClaimTypes.Role), ignoreCase: true, out var role) ? role : null;

    /// <summary>Takes <c>Authorization: Bearer key</c>, or without that header the web admin's cookie.</summary>
    sealed class ApiKeyHandler(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder,
        AccessOperations access, Audit audit, LocalKey local, IAuthenticationSchemeProvider schemes)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers.Authorization.Count == 0)
                return await schemes.GetSchemeAsync(CookieScheme) is null ? AuthenticateResult.NoResult() : await Context.AuthenticateAsync(CookieScheme);
            if (BearerOf(Request) is not { } text) return AuthenticateResult.Fail("This is not a bearer's key.");
            if (local.Is(text)) return Success("local", Role.Administrator, Door.CommandLine);
            return await access.FindKeyAsync(text, AddressOf(Context), Context.RequestAborted) is { } key
                ? Success(key.Name, key.Role, Door.Key)
                : AuthenticateResult.Fail("The key is unknown or expired.");
        }

        static AuthenticateResult Success(string name, Role role, Door door) => AuthenticateResult.Success(new(
            new(new ClaimsIdentity(
                [new(ClaimTypes.Name, name), new(ClaimTypes.Role, role.ToString()), new(DoorClaim, door.ToString())], KeyScheme)), KeyScheme));

        protected override Task HandleChallengeAsync(AuthenticationProperties properties)
        {
            Response.Headers.WWWAuthenticate = "Bearer";
            return Problems.Answer(StatusCodes.Status401Unauthorized, Request.Headers.Authorization.Count == 0
                ? "Give an API key: Authorization: Bearer <key>."
                : "The API key is unknown or expired.").ExecuteAsync(Context);
        }

        protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
        {
            var needed = Context.GetEndpoint()?.Metadata.GetMetadata<NeededRole>()?.Role ?? Role.Administrator;
            var refusal = Context.Actor().Demand(needed) ?? Problem.Forbidden("This is not allowed.");
            // It comes to no operation, which would write it down.
            var (action, what) = AuditedRequest.Of(Request);
            audit.Refused(Context.Actor(), action, what, refusal);
            return refusal.Answer().ExecuteAsync(Context);
        }
    }
}

/// <summary>
/// The key of this process' life for the command line on the same machine, kept nowhere but in the data directory of who
/// may read that.
/// </summary>
sealed record LocalKey(string Value)
{
    public static LocalKey New() => new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));

    /// <summary>Takes the same time for every wrong key.</summary>
    public bool Is(string key) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(Value));
}

/// <summary>The role that an endpoint needs, for its refusal and its documentation.</summary>
sealed record NeededRole(Role Role);
