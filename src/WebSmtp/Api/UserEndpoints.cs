using WebSmtp.Mta.Administration;

namespace WebSmtp.Api;

/// <summary>Somebody who logs in to the web admin.</summary>
/// <param name="Username">Compared without case.</param>
/// <param name="Role">What it may do.</param>
/// <param name="LastLogInAt">When it logged in last; null: never.</param>
/// <param name="LockedOut">Addresses that it cannot log in from now, because of too many failures there.</param>
sealed record UserResponse(string Username, Role Role, DateTimeOffset? LastLogInAt, IReadOnlyList<LockedOutResponse> LockedOut)
{
    public static UserResponse Of(UserView view) => new(
        view.User.Username, view.User.Role, view.User.LastLogInAt, [.. view.LockedOut.Select(one => new LockedOutResponse(one.From, one.Until))]);
}

/// <summary>An address that a user cannot log in from.</summary>
/// <param name="From">The address.</param>
/// <param name="Until">The next attempt is heard then.</param>
sealed record LockedOutResponse(string From, DateTimeOffset Until);

/// <summary>What can be written about a user.</summary>
/// <param name="Username">Compared without case.</param>
/// <param name="Role">viewer reads, operator also works on queue and sessions, administrator changes settings.</param>
/// <param name="Password">Needed at creation; never shown.</param>
sealed record UserRequest(string Username, Role Role = Role.Viewer, string? Password = null)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public UserConfiguration Configuration => new(Username, Role, Password);
}

/// <summary>A change of one's own password.</summary>
/// <param name="OldPassword">The one that it has.</param>
/// <param name="NewPassword">The one that it gets.</param>
sealed record PasswordRequest(string OldPassword, string NewPassword);

static class UserEndpoints
{
    const string Tag = "Users";
    const string ExampleResponse =
        """{ "username": "anna", "role": "operator", "lastLogInAt": "2026-11-27T06:30:00Z", "lockedOut": [] }""";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/users", ListAsync)
            .Describe(Role.Administrator, Tag, "List the users", "People who log in to the web admin, by name.")
            .Produces<Listed<UserResponse>>().ListExample(ExampleResponse);
        api.MapPost("/users", CreateAsync)
            .Describe(Role.Administrator, Tag, "Make a user", "For somebody who logs in to the web admin.", 409, 415)
            .AcceptsJson<UserRequest>().Produces<UserResponse>(201)
            .Example("""{ "username": "anna", "role": "operator", "password": "correct horse battery" }""", ExampleResponse);
        api.MapGet("/users/{username}", GetAsync)
            .Describe(Role.Administrator, Tag, "Show a user", "One user. The password is never shown.", 404)
            .Produces<UserResponse>().Example(response: ExampleResponse);
        api.MapPatch("/users/{username}", ChangeAsync)
            .Describe(Role.Administrator, Tag, "Change a user",
                "JSON merge patch. A change of role or password ends the user's log-ins. The last administrator stays one, and nobody lowers himself.",
                404, 409, 412, 415)
            .AcceptsPatch<UserRequest>().Produces<UserResponse>()
            .Example("""{ "role": "operator" }""", ExampleResponse);
        api.MapDelete("/users/{username}", DeleteAsync)
            .Describe(Role.Administrator, Tag, "Delete a user", "It is logged out everywhere. Refused for the last administrator, and for oneself.", 404, 409, 412)
            .Produces(204);
        api.MapPost("/users/{username}/password", ChangePasswordAsync)
            .Describe(Role.Viewer, Tag, "Change one's own password", "For who knows the old one. Attempts are limited as at the log-in, and all log-ins of the user end.", 415)
            .AcceptsJson<PasswordRequest>().Produces(204)
            .Example("""{ "oldPassword": "correct horse battery", "newPassword": "staple, corrected" }""");
    }

    static async Task<IResult> ListAsync(HttpContext context, AccessOperations access, string? limit, string? cursor)
    {
        var page = PageRequest.Read("users", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        var users = await access.ListUsersAsync(wanted.After, wanted.Limit, context.Actor(), context.RequestAborted);
        return users.Value is { } found ? context.Show(wanted.Of(found, UserResponse.Of)) : users.Problem!.Answer();
    }

    static async Task<IResult> GetAsync(HttpContext context, AccessOperations access, string username) =>
        Show(context, await access.FindUserAsync(username, context.Actor(), context.RequestAborted));

    static async Task<IResult> CreateAsync(HttpContext context, AccessOperations access)
    {
        var body = await JsonInput.ReadAsync<UserRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var created = await access.CreateUserAsync(wanted.Configuration, context.Actor(), context.RequestAborted);
        return created.Value is { } view
            ? context.ShowCreated(
                $"/api/v1/users/{Uri.EscapeDataString(view.User.Username)}", UserResponse.Of(view), EntityTags.Of(view.User.Version))
            : created.Problem!.Answer();
    }

    static async Task<IResult> ChangeAsync(HttpContext context, AccessOperations access, string username) =>
        Show(context, await MergePatch.ApplyAsync<UserView, UserRequest, UserView>(
            context.Request, () => access.FindUserAsync(username, context.Actor(), context.RequestAborted), view => view.User.Version,
            (view, _) => new UserRequest(view.User.Username, view.User.Role),
            async (wanted, patch, version) => patch.TryGetPropertyValue("password", out var password) && password is null
                ? Problem.Invalid("password", "A password cannot be taken away; leave it out to keep it, or delete the user.")
                : await access.UpdateUserAsync(username, wanted.Configuration, version, context.Actor(), context.RequestAborted)));

    static async Task<IResult> DeleteAsync(HttpContext context, AccessOperations access, string username)
    {
        var found = await access.FindUserAsync(username, context.Actor(), context.RequestAborted);
        if (found.Value is not { } view) return found.Problem!.Answer();
        var refused = EntityTags.Refuse(context.Request, EntityTags.Of(view.User.Version)) ?? await access.DeleteUserAsync(
            view.User.Username, EntityTags.AreGiven(context.Request) ? view.User.Version : null, context.Actor(), context.RequestAborted);
        return refused?.Answer() ?? TypedResults.NoContent();
    }

    static async Task<IResult> ChangePasswordAsync(HttpContext context, AccessOperations access, string username)
    {
        var body = await JsonInput.ReadAsync<PasswordRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var refused = await access.ChangePasswordAsync(username, wanted.OldPassword, wanted.NewPassword, context.Actor(), context.RequestAborted);
        return refused?.Answer() ?? TypedResults.NoContent();
    }

    static IResult Show(HttpContext context, Result<UserView> result) => result.Value is { } view
        ? context.Show(UserResponse.Of(view), EntityTags.Of(view.User.Version))
        : result.Problem!.Answer();
}
