using System.Text;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Sites;

namespace WebSmtp.Mta.Tests.Accounts;

public sealed class AccountOperationsTests : IDisposable
{
    readonly AccountBench _bench = new();

    public void Dispose() => _bench.Dispose();

    Task<Result<Account>> CreateAsync(AccountConfiguration wanted) => _bench.Accounts.CreateAsync(wanted, SiteBench.Administrator, _bench.Stop);

    Task<Result<Account>> UpdateAsync(AccountConfiguration wanted, long? version = null) =>
        _bench.Accounts.UpdateAsync(wanted.Username, wanted, version, SiteBench.Administrator, _bench.Stop);

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_new_account_keeps_only_a_salted_hash()
    {
        await CreateAsync(AccountBench.Wanted("one"));
        await CreateAsync(AccountBench.Wanted("two"));
        var one = _bench.Store["one"];
        Assert.StartsWith("pbkdf2-sha512$210000$", one.PasswordHash, StringComparison.Ordinal);
        Assert.NotEqual(one.PasswordHash, _bench.Store["two"].PasswordHash);
        Assert.DoesNotContain("secret", one.PasswordHash, StringComparison.Ordinal);
        Assert.Null(one.ChallengeSecret);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("user@branch.example", true)]
    [InlineData("BRANCH\\user", true)]
    [InlineData("büro", true)]
    [InlineData("", false)]
    [InlineData(" user", false)]
    [InlineData("us\0er", false)]
    [InlineData("us\ner", false)]
    [InlineData("us/er", false)]
    [InlineData("..", false)]
    public async Task A_username_is_printable(string username, bool allowed)
    {
        var problem = (await CreateAsync(AccountBench.Wanted(username))).Problem;
        if (allowed) Assert.Null(problem);
        else SiteBench.AssertInvalid(problem, "username");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Everything_that_is_wrong_is_told_at_once()
    {
        await _bench.Bench.BootAsync();
        SiteBench.AssertInvalid((await CreateAsync(new(new('x', 257), "", true, false, new('x', 1001), [1, 9]))).Problem,
            "username", "password", "description", "sites[1]");
        SiteBench.AssertInvalid((await CreateAsync(AccountBench.Wanted(password: null))).Problem, "password");
        SiteBench.AssertInvalid((await CreateAsync(AccountBench.Wanted(password: new('x', 257)))).Problem, "password");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_username_is_unique_without_case()
    {
        await CreateAsync(AccountBench.Wanted("TestServer"));
        SiteBench.AssertConflict((await CreateAsync(AccountBench.Wanted("testSERVER"))).Problem, "'testSERVER'");
        Assert.Equal("TestServer", (await _bench.Accounts.FindAsync("TESTSERVER", _bench.Stop))!.Username);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_change_without_a_password_keeps_it()
    {
        await CreateAsync(AccountBench.Wanted());
        var changed = (await UpdateAsync(AccountBench.Wanted(password: null) with { Description = "The branch" }, version: 1)).Value!;
        Assert.Equal(("The branch", 2L), (changed.Description, changed.Version));
        Assert.Equal("testserver", await _bench.LogInAsync("testserver", "secret"));
        Assert.Equal(ProblemKind.Stale, (await UpdateAsync(AccountBench.Wanted(), version: 1)).Problem?.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_account_is_not_renamed()
    {
        await CreateAsync(AccountBench.Wanted());
        SiteBench.AssertInvalid(
            (await _bench.Accounts.UpdateAsync("testserver", AccountBench.Wanted("other"), null, SiteBench.Administrator, _bench.Stop)).Problem, "username");
        Assert.Equal(ProblemKind.NotFound, (await UpdateAsync(AccountBench.Wanted("nobody"))).Problem?.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Challenge_response_needs_the_password_once_and_forgets_it_when_switched_off()
    {
        await CreateAsync(AccountBench.Wanted());
        SiteBench.AssertInvalid((await UpdateAsync(AccountBench.Wanted(password: null) with { ChallengeResponse = true })).Problem, "password");
        await UpdateAsync(AccountBench.Wanted() with { ChallengeResponse = true });
        var secret = _bench.Store["testserver"].ChallengeSecret!;
        Assert.Equal("secret", Encoding.UTF8.GetString(_bench.Unprotect(secret)!));
        Assert.DoesNotContain("secret", Encoding.UTF8.GetString(secret), StringComparison.Ordinal);
        await UpdateAsync(AccountBench.Wanted(password: null) with { ChallengeResponse = true, Enabled = false });
        Assert.Equal(secret, _bench.Store["testserver"].ChallengeSecret);
        await UpdateAsync(AccountBench.Wanted(password: null));
        Assert.Null(_bench.Store["testserver"].ChallengeSecret);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_account_that_collects_mail_is_not_deleted_and_the_domains_are_named()
    {
        await _bench.Bench.BootAsync();
        await CreateAsync(AccountBench.Wanted());
        await _bench.Bench.Sites.CreateDomainAsync(
            1, new("test.com", DomainKind.Remote, new() { Type = RouteType.Hold }, ["TESTSERVER"], null, []), SiteBench.Administrator, _bench.Stop);
        SiteBench.AssertConflict(await DeleteAsync(), "test.com of site 'Default SMTP Site' (1)");
        await _bench.Bench.Sites.DeleteDomainAsync(1, "test.com", null, SiteBench.Administrator, _bench.Stop);
        Assert.Equal(ProblemKind.Stale, (await DeleteAsync(version: 7))?.Kind);
        Assert.Null(await DeleteAsync());
        Assert.Equal(ProblemKind.NotFound, (await DeleteAsync())?.Kind);

        Task<Problem?> DeleteAsync(long? version = null) => _bench.Accounts.DeleteAsync("TestServer", version, SiteBench.Administrator, _bench.Stop);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Accounts_come_in_pages_by_name()
    {
        foreach (var name in new[] { "delta", "Alpha", "charlie", "bravo", "echo" }) _bench.Store.Add(name);
        var first = await _bench.Accounts.ListAsync(null, 2, _bench.Stop);
        Assert.Equal(["Alpha", "bravo"], first.Items.Select(account => account.Username));
        Assert.Equal(5, first.Total);
        var second = await _bench.Accounts.ListAsync(first.NextCursor, 2, _bench.Stop);
        Assert.Equal(["charlie", "delta"], second.Items.Select(account => account.Username));
        var third = await _bench.Accounts.ListAsync(second.NextCursor, 2, _bench.Stop);
        Assert.Equal(["echo"], third.Items.Select(account => account.Username));
        Assert.Null(third.NextCursor);
        Assert.Equal(5, (await _bench.Accounts.ListAsync("no cursor", 0, _bench.Stop)).Total);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Only_an_administrator_changes_accounts()
    {
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Accounts.CreateAsync(AccountBench.Wanted(), SiteBench.Operator, _bench.Stop)).Problem?.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Accounts.UpdateAsync("x", AccountBench.Wanted(), null, SiteBench.Operator, _bench.Stop)).Problem?.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Accounts.DeleteAsync("x", null, SiteBench.Operator, _bench.Stop))?.Kind);
    }
}
