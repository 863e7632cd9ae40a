using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Tests.SmartHosts;

public sealed class OAuthTokensTests : IDisposable
{
    static readonly Reply Refused = new(535, 5, 7, 3, "Authentication unsuccessful");

    readonly SmartHostBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Client_credentials_are_posted_as_the_standard_says()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.ClientCredentials));
        Assert.Equal("token-1", await _bench.TokenAsync(host));
        Assert.True(_bench.Endpoint.Forms.TryDequeue(out var form));
        Assert.Equal(
            ["client_id=the-client", "client_secret=hush-hush", "grant_type=client_credentials", "scope=mail.send"],
            form.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_token_is_kept_until_shortly_before_its_end_and_then_renewed_without_anyone_waiting()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.ClientCredentials));
        Assert.Equal("token-1", await _bench.TokenAsync(host));
        _bench.Time.Advance(TimeSpan.FromMinutes(54));
        Assert.Equal("token-1", await _bench.TokenAsync(host));
        Assert.Single(_bench.Endpoint.Forms);

        var answer = new TaskCompletionSource<TokenAnswer>();
        _bench.Endpoint.Answer = _ => answer.Task;
        _bench.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("token-1", await _bench.TokenAsync(host));
        Assert.Equal("token-1", await _bench.TokenAsync(host));
        _bench.Time.Advance(TimeSpan.FromMinutes(5));
        var waiting = _bench.TokenAsync(host);
        Assert.False(waiting.IsCompleted);
        answer.SetResult(FakeTokenEndpoint.Token("token-2"));
        Assert.Equal("token-2", await waiting);
        Assert.Equal(2, _bench.Endpoint.Forms.Count);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task All_who_wait_share_one_request()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.ClientCredentials));
        var answer = new TaskCompletionSource<TokenAnswer>();
        _bench.Endpoint.Answer = _ => answer.Task;
        var waiting = Enumerable.Range(0, 50).Select(_ => _bench.TokenAsync(host)).ToList();
        answer.SetResult(FakeTokenEndpoint.Token("the-one"));
        Assert.All(await Task.WhenAll(waiting), token => Assert.Equal("the-one", token));
        Assert.Single(_bench.Endpoint.Forms);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task One_who_stops_waiting_takes_the_token_from_nobody()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.ClientCredentials));
        var answer = new TaskCompletionSource<TokenAnswer>();
        _bench.Endpoint.Answer = _ => answer.Task;
        using var impatient = new CancellationTokenSource();
        var first = _bench.Credentials.GetAsync(host.Target, impatient.Token);
        var second = _bench.TokenAsync(host);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        answer.SetResult(FakeTokenEndpoint.Token("the-one"));
        Assert.Equal("the-one", await second);
        Assert.Single(_bench.Endpoint.Forms);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_rotated_refresh_token_is_stored_at_once_and_used_from_then_on()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.RefreshToken));
        _bench.Endpoint.Answer = number => Task.FromResult(FakeTokenEndpoint.Token($"token-{number}", 60, $"refresh-{number}"));
        Assert.Equal("token-1", await _bench.TokenAsync(host));
        var stored = Assert.Single(_bench.Store.Hosts);
        Assert.Equal(("refresh-1", "hush-hush", host.Version),
            (_bench.Clear(stored.Target.Auth.RefreshToken), _bench.Clear(stored.Target.Auth.ClientSecret), stored.Version));

        // Who still has the old target gets on with the new token all the same.
        _bench.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("token-2", await _bench.TokenAsync(host));
        Assert.Equal(["refresh-0", "refresh-1"], _bench.Endpoint.Forms.Select(form => form["refresh_token"]));
        Assert.Equal("refresh-2", _bench.Clear(_bench.Bench.SmartHosts.Find("primary")!.Target.Auth.RefreshToken));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_refresh_token_that_cannot_be_stored_is_good_as_long_as_the_program_runs()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.RefreshToken));
        _bench.Store.Trouble = new IOException("disk full");
        _bench.Endpoint.Answer = number => Task.FromResult(FakeTokenEndpoint.Token($"token-{number}", 60, $"refresh-{number}"));
        Assert.Equal("token-1", await _bench.TokenAsync(host));
        _bench.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("token-2", await _bench.TokenAsync(host));
        Assert.Equal(["refresh-0", "refresh-1"], _bench.Endpoint.Forms.Select(form => form["refresh_token"]));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_token_that_an_administrator_gave_meanwhile_is_not_overruled()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.RefreshToken));
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource<TokenAnswer>());
        _bench.Endpoint.Answer = _ =>
        {
            asked.SetResult();
            return answer.Task;
        };
        var waiting = _bench.TokenAsync(host);
        await asked.Task;
        var changed = await _bench.Hosts.UpdateAsync("primary",
            SmartHostBench.Wanted(auth: SmartHostBench.RefreshToken with { RefreshToken = "by hand" }), null, SiteBench.Administrator, _bench.Stop);
        Assert.Null(changed.Problem);
        answer.SetResult(FakeTokenEndpoint.Token("token-1", 60, "rotated"));
        await waiting;
        Assert.Equal("by hand", _bench.Clear(_bench.Store.Hosts[0].Target.Auth.RefreshToken));

        _bench.Endpoint.Answer = number => Task.FromResult(FakeTokenEndpoint.Token($"token-{number}"));
        Assert.Equal("token-2", await _bench.TokenAsync(changed.Value!));
        Assert.Equal("by hand", _bench.Endpoint.Forms.Last()["refresh_token"]);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("invalid_grant", "AADSTS700082: The refresh token has expired", 400, "has expired; authorize the application again", false)]
    [InlineData("invalid_grant", "Token has been revoked.", 400, "expired or was revoked", false)]
    [InlineData("invalid_client", "AADSTS7000215: Invalid client secret", 401, "the client secret is wrong", false)]
    [InlineData("invalid_client", null, 401, "client id or the client secret is wrong", false)]
    [InlineData("unauthorized_client", null, 400, "not allowed to ask", false)]
    [InlineData("temporarily_unavailable", "busy", 400, "cannot give a token now", true)]
    [InlineData("server_error", null, 503, "cannot give a token now", true)]
    [InlineData("slow_down", null, 429, "cannot give a token now", true)]
    public async Task A_refusal_is_said_in_plain_words_with_those_of_the_endpoint(string error, string? description, int status, string meaning, bool temporary)
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.RefreshToken));
        _bench.Endpoint.Answer = _ => Task.FromResult(FakeTokenEndpoint.Error(error, description, status));
        var answer = await _bench.Credentials.GetAsync(host.Target, _bench.Stop);
        Assert.Null(answer.Credentials);
        Assert.Contains(meaning, answer.Trouble, StringComparison.Ordinal);
        Assert.EndsWith(description is null ? error : $"{error}: {description}", answer.Trouble, StringComparison.Ordinal);
        Assert.Equal(temporary, answer.IsTemporary);
        Assert.Equal(answer.Trouble, _bench.Credentials.StatusOf(host.Target).Trouble);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData(200, "<html>Log in</html>", "not JSON")]
    [InlineData(200, "[1]", "not JSON")]
    [InlineData(200, "{}", "without a token")]
    [InlineData(200, "{\"access_token\":5}", "without a token")]
    [InlineData(200, "{\"access_token\":\"two\\r\\nlines\"}", "without a token")]
    [InlineData(200, "{\"access_token\":\"x\",\"token_type\":\"mac\"}", "type 'mac'")]
    [InlineData(302, "", "points somewhere else")]
    [InlineData(404, "Not found", "is it the right address?")]
    [InlineData(500, "oops", "HTTP status 500")]
    [InlineData(400, "{\"error\":7}", "HTTP status 400")]
    public async Task An_answer_that_makes_no_sense_is_trouble_and_no_more(int status, string body, string words)
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.ClientCredentials));
        _bench.Endpoint.Answer = _ => Task.FromResult(new TokenAnswer(status, body, null));
        var answer = await _bench.Credentials.GetAsync(host.Target, _bench.Stop);
        Assert.Null(answer.Credentials);
        Assert.Contains(words, answer.Trouble, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task What_the_endpoint_repeats_of_our_secrets_is_not_repeated_here()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.RefreshToken));
        _bench.Endpoint.Answer = _ => Task.FromResult(FakeTokenEndpoint.Error("invalid_request", "bad: hush-hush, refresh-0"));
        var (_, trouble) = await _bench.Credentials.GetAsync(host.Target, _bench.Stop);
        Assert.EndsWith("invalid_request: bad: ***, ***", trouble, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Trouble_is_believed_for_half_a_minute_and_a_good_token_outlives_it()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.ClientCredentials));
        _bench.Endpoint.Answer = _ => Task.FromResult(new TokenAnswer(0, "", "It cannot be reached."));
        for (var i = 0; i < 3; i++) Assert.True((await _bench.Credentials.GetAsync(host.Target, _bench.Stop)).IsTemporary);
        Assert.Single(_bench.Endpoint.Forms);
        _bench.Endpoint.Answer = number => Task.FromResult(FakeTokenEndpoint.Token($"token-{number}"));
        _bench.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal("token-2", await _bench.TokenAsync(host));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_token_that_the_server_stops_taking_is_replaced_once()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.ClientCredentials));
        var first = (await _bench.Credentials.GetAsync(host.Target, _bench.Stop)).Credentials!;
        _bench.Credentials.LoggedIn(host.Target);
        Assert.True(_bench.Credentials.Refused(host.Target, first, Refused));
        var second = (await _bench.Credentials.GetAsync(host.Target, _bench.Stop)).Credentials!;
        Assert.Equal("token-2", ((ClientCredentials.OAuthToken)second).Token);

        // Another session that had the first one only has to ask again, and throws nothing away.
        Assert.True(_bench.Credentials.Refused(host.Target, first, Refused));
        Assert.Equal("token-2", await _bench.TokenAsync(host));

        Assert.Null(_bench.Credentials.StatusOf(host.Target).Trouble);
        Assert.False(_bench.Credentials.Refused(host.Target, second, Refused));
        Assert.Equal("The log-in as relay@hub.example was refused: 535 5.7.3 Authentication unsuccessful", _bench.Credentials.StatusOf(host.Target).Trouble);
        Assert.Equal(2, _bench.Endpoint.Forms.Count);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_log_in_that_works_again_is_told_even_when_its_trouble_was_not_believed_any_more()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.Password));
        var recovered = new List<SmartHostTarget>();
        _bench.Credentials.Recovered = recovered.Add;
        _bench.Credentials.LoggedIn(host.Target);
        Assert.Empty(recovered);
        Assert.False(_bench.Credentials.Refused(host.Target, (await _bench.Credentials.GetAsync(host.Target, _bench.Stop)).Credentials!, Refused));

        // As a test of the host does before it tries.
        _bench.Credentials.Forget(host.Target);
        Assert.Null(_bench.Credentials.StatusOf(host.Target).Trouble);
        _bench.Credentials.LoggedIn(host.Target);
        _bench.Credentials.LoggedIn(host.Target);

        Assert.Equal(host.Target, Assert.Single(recovered));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_fresh_token_that_is_refused_is_final_and_a_log_in_ends_the_trouble()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.ClientCredentials));
        var credentials = (await _bench.Credentials.GetAsync(host.Target, _bench.Stop)).Credentials!;
        Assert.False(_bench.Credentials.Refused(host.Target, credentials, Refused));
        Assert.NotNull(_bench.Credentials.StatusOf(host.Target).TroubleSince);
        _bench.Time.Advance(TimeSpan.FromMinutes(1));
        _bench.Credentials.LoggedIn(host.Target);
        var status = _bench.Credentials.StatusOf(host.Target);
        Assert.Equal((_bench.Time.GetUtcNow(), null, _bench.Time.GetUtcNow() + TimeSpan.FromMinutes(59)), (status.LastLogIn, status.Trouble, status.TokenExpiresAt));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_password_is_given_as_it_was_stored_and_its_refusal_is_final()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.Password));
        var (credentials, trouble) = await _bench.Credentials.GetAsync(host.Target, _bench.Stop);
        Assert.Equal((new ClientCredentials.Password("relay", "open sesame"), (string?)null), (credentials, trouble));
        Assert.False(_bench.Credentials.Refused(host.Target, credentials!, Refused));
        Assert.Equal((null, null), await Pair(new SmartHostTarget("relay.example")));
        Assert.Equal("The stored password cannot be read; give it again.",
            (await Pair(host.Target with { Auth = host.Target.Auth with { Password = [1, 2, 3] } })).Trouble);

        async Task<(ClientCredentials? Credentials, string? Trouble)> Pair(SmartHostTarget target)
        {
            var (credentials, trouble) = await _bench.Credentials.GetAsync(target, _bench.Stop);
            return (credentials, trouble);
        }
    }
}
