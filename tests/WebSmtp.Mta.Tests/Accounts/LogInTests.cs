using System.Security.Cryptography;
using System.Text;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Tests.Sites;

namespace WebSmtp.Mta.Tests.Accounts;

public sealed class LogInTests : IDisposable
{
    readonly AccountBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_right_password_gives_the_name_as_it_is_stored()
    {
        await _bench.CreateAsync(AccountBench.Wanted("TestServer"));
        Assert.Equal("TestServer", await _bench.LogInAsync("testserver", "secret"));
        Assert.Equal("TestServer", await _bench.LogInAsync("TESTSERVER", "secret"));
        Assert.Null(await _bench.LogInAsync("testserver", "Secret"));
        Assert.Null(await _bench.LogInAsync("testserver", ""));
        Assert.Null(await _bench.LogInAsync("testserve", "secret"));
        Assert.Null(await _bench.LogInAsync("", ""));
        Assert.Null(await _bench.LogInAsync(new('x', 10_000), new('x', 10_000)));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_password_is_remembered_until_the_account_changes()
    {
        await _bench.CreateAsync(AccountBench.Wanted());
        Assert.NotNull(await _bench.LogInAsync("testserver", "secret"));
        // Without a hash to check against, only what is remembered can still be right.
        _bench.Store["testserver"].PasswordHash = "";
        Assert.NotNull(await _bench.LogInAsync("testserver", "secret"));
        Assert.Null(await _bench.LogInAsync("testserver", "wrong"));
        _bench.Store["testserver"].Version++;
        Assert.Null(await _bench.LogInAsync("testserver", "secret"));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_old_password_is_over_at_once()
    {
        await _bench.CreateAsync(AccountBench.Wanted());
        Assert.NotNull(await _bench.LogInAsync("testserver", "secret"));
        await _bench.Accounts.UpdateAsync("testserver", AccountBench.Wanted(password: "other"), null, SiteBench.Administrator, _bench.Stop);
        Assert.Null(await _bench.LogInAsync("testserver", "secret"));
        Assert.NotNull(await _bench.LogInAsync("testserver", "other"));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_account_that_is_off_cannot_log_in()
    {
        await _bench.CreateAsync(AccountBench.Wanted() with { Enabled = false, ChallengeResponse = true });
        Assert.Null(await _bench.LogInAsync("testserver", "secret"));
        Assert.Null(await CramAsync("testserver", Digest("secret")));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_account_logs_in_at_its_sites_only()
    {
        await _bench.Bench.BootAsync();
        await _bench.CreateAsync(AccountBench.Wanted() with { Sites = [1], ChallengeResponse = true });
        Assert.NotNull(await _bench.LogInAsync("testserver", "secret", siteId: 1));
        Assert.Null(await _bench.LogInAsync("testserver", "secret", siteId: 2));
        Assert.NotNull(await CramAsync("testserver", Digest("secret"), siteId: 1));
        Assert.Null(await CramAsync("testserver", Digest("secret"), siteId: 2));
    }

    [Fact]
    public void An_unknown_name_costs_as_much_as_a_wrong_password()
    {
        var real = PasswordHash.Make("secret").Split('$');
        var nobody = PasswordHash.OfNobody.Split('$');
        Assert.Equal(real[..2], nobody[..2]);
        Assert.Equal(real.Select(part => part.Length), nobody.Select(part => part.Length));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Nobody_has_no_password()
    {
        using var passwords = new Passwords();
        Assert.False(await passwords.VerifyAsync("", null, _bench.Stop));
    }

    const string Challenge = "<1896.697170952@postoffice.reston.mci.net>";

    Task<string?> CramAsync(string username, string digest, int siteId = 1) =>
        _bench.Accounts.VerifyCramMd5Async(siteId, username, Encoding.ASCII.GetBytes(Challenge), digest, _bench.Stop);

    static string Digest(string password) =>
        Convert.ToHexStringLower(CryptographicOperations.HmacData(HashAlgorithmName.MD5, Encoding.UTF8.GetBytes(password), Encoding.ASCII.GetBytes(Challenge)));

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_example_of_RFC_2195_logs_in()
    {
        await _bench.CreateAsync(AccountBench.Wanted("tim", "tanstaaftanstaaf") with { ChallengeResponse = true });
        Assert.Equal("tim", await CramAsync("Tim", "b913a602c7eda7a495b4e6e7334d3890"));
        Assert.Null(await CramAsync("tim", "b913a602c7eda7a495b4e6e7334d3891"));
        Assert.Null(await CramAsync("tim", ""));
        Assert.Null(await CramAsync("tom", "b913a602c7eda7a495b4e6e7334d3890"));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Without_challenge_response_there_is_no_digest_that_fits()
    {
        await _bench.CreateAsync(AccountBench.Wanted());
        Assert.Null(await CramAsync("testserver", Digest("secret")));
        Assert.Null(await CramAsync("testserver", Digest("")));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_secret_of_another_key_fits_nothing()
    {
        await _bench.CreateAsync(AccountBench.Wanted() with { ChallengeResponse = true });
        _bench.Key = 0x66;
        Assert.Null(await CramAsync("testserver", Digest("secret")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("pbkdf2-sha512$0$AA==$AA==")]
    [InlineData("pbkdf2-sha512$99999999$AA==$AA==")]
    [InlineData("pbkdf2-sha1$1000$AA==$AA==")]
    public void What_is_not_a_hash_fits_no_password(string stored) => Assert.False(PasswordHash.Verify("", stored));
}
