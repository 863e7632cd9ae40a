using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Api;

/// <summary>A name that logs in over SMTP.</summary>
/// <param name="Username">Compared without case.</param>
/// <param name="Enabled">It may log in.</param>
/// <param name="ChallengeResponse">It may log in with CRAM-MD5: what that needs is kept, encrypted.</param>
/// <param name="Description">For people.</param>
/// <param name="Sites">Ids of the sites where it may log in; null: all.</param>
sealed record AccountResponse(string Username, bool Enabled, bool ChallengeResponse, string? Description, IReadOnlyList<int>? Sites)
{
    public static AccountResponse Of(Account account) => new(
        account.Username, account.Enabled, account.ChallengeSecret is not null, account.Description, account.Sites);
}

/// <summary>What can be written about an account.</summary>
/// <param name="Username">Compared without case.</param>
/// <param name="Password">Needed at creation; never shown.</param>
/// <param name="Enabled">It may log in.</param>
/// <param name="ChallengeResponse">Also keep what CRAM-MD5 needs, encrypted. Switching it on needs the password.</param>
/// <param name="Description">For people.</param>
/// <param name="Sites">Ids of the sites where it may log in; null: all.</param>
sealed record AccountRequest(
    string Username, string? Password = null, bool Enabled = true, bool ChallengeResponse = false, string? Description = null,
    IReadOnlyList<int>? Sites = null)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public AccountConfiguration Configuration => new(Username, Password, Enabled, ChallengeResponse, Description, Sites);
}

static class AccountEndpoints
{
    const string Tag = "Accounts";
    const string ExampleResponse =
        """{ "username": "testserver", "enabled": true, "challengeResponse": true, "description": "Collects test.com", "sites": null }""";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/accounts", ListAsync)
            .Describe(Role.Viewer, Tag, "List the accounts", "Accounts that log in over SMTP, by name.")
            .Produces<Listed<AccountResponse>>().ListExample(ExampleResponse);
        api.MapPost("/accounts", CreateAsync)
            .Describe(Role.Administrator, Tag, "Make an account", "For clients that log in over SMTP to send, or to collect held mail.", 409, 415)
            .AcceptsJson<AccountRequest>().Produces<AccountResponse>(201)
            .Example("""{ "username": "testserver", "password": "correct horse battery", "challengeResponse": true, "description": "Collects test.com" }""", ExampleResponse);
        api.MapGet("/accounts/{username}", GetAsync)
            .Describe(Role.Viewer, Tag, "Show an account", "One account. The password is never shown.", 404)
            .Produces<AccountResponse>().Example(response: ExampleResponse);
        api.MapPatch("/accounts/{username}", ChangeAsync)
            .Describe(Role.Administrator, Tag, "Change an account", "JSON merge patch. A password that is not given stays.", 404, 409, 412, 415)
            .AcceptsPatch<AccountRequest>().Produces<AccountResponse>()
            .Example("""{ "description": "Collects test.com", "enabled": true }""", ExampleResponse);
        api.MapDelete("/accounts/{username}", DeleteAsync)
            .Describe(Role.Administrator, Tag, "Delete an account", "Refused with 409 while a domain names it in its turnAccounts.", 404, 409, 412)
            .Produces(204);
    }

    static async Task<IResult> ListAsync(HttpContext context, AccountOperations accounts, string? limit, string? cursor)
    {
        var page = PageRequest.Read("accounts", limit, cursor);
        return page.Value is { } wanted
            ? context.Show(wanted.Of(await accounts.ListAsync(wanted.After, wanted.Limit, context.RequestAborted), AccountResponse.Of))
            : page.Problem!.Answer();
    }

    static async Task<IResult> GetAsync(HttpContext context, AccountOperations accounts, string username) =>
        Show(context, await FindAsync(context, accounts, username));

    static async Task<IResult> CreateAsync(HttpContext context, AccountOperations accounts)
    {
        var body = await JsonInput.ReadAsync<AccountRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var created = await accounts.CreateAsync(wanted.Configuration, context.Actor(), context.RequestAborted);
        return created.Value is { } account
            ? context.ShowCreated(
                $"/api/v1/accounts/{Uri.EscapeDataString(account.Username)}", AccountResponse.Of(account), EntityTags.Of(account.Version))
            : created.Problem!.Answer();
    }

    static async Task<IResult> ChangeAsync(HttpContext context, AccountOperations accounts, string username) =>
        Show(context, await MergePatch.ApplyAsync<Account, AccountRequest, Account>(
            context.Request, () => FindAsync(context, accounts, username), account => account.Version,
            (account, _) => new AccountRequest(
                account.Username, null, account.Enabled, account.ChallengeSecret is not null, account.Description, account.Sites),
            async (wanted, patch, version) => patch.TryGetPropertyValue("password", out var password) && password is null
                ? Problem.Invalid("password", "A password cannot be taken away; leave it out to keep it, or set enabled to false.")
                : await accounts.UpdateAsync(username, wanted.Configuration, version, context.Actor(), context.RequestAborted)));

    static async Task<IResult> DeleteAsync(HttpContext context, AccountOperations accounts, string username)
    {
        var found = await FindAsync(context, accounts, username);
        if (found.Value is not { } account) return found.Problem!.Answer();
        var refused = EntityTags.Refuse(context.Request, EntityTags.Of(account.Version)) ?? await accounts.DeleteAsync(
            account.Username, EntityTags.AreGiven(context.Request) ? account.Version : null, context.Actor(), context.RequestAborted);
        return refused?.Answer() ?? TypedResults.NoContent();
    }

    static async Task<Result<Account>> FindAsync(HttpContext context, AccountOperations accounts, string username) =>
        await accounts.FindAsync(username, context.RequestAborted) is { } account
            ? account
            : Problem.NotFound($"There is no account '{username}'.");

    static IResult Show(HttpContext context, Result<Account> result) => result.Value is { } account
        ? context.Show(AccountResponse.Of(account), EntityTags.Of(account.Version))
        : result.Problem!.Answer();
}
