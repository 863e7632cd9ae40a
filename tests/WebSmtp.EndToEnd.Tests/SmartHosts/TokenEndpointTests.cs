using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Network;

namespace WebSmtp.EndToEnd.Tests.SmartHosts;

/// <summary>How token endpoints are asked over HTTP.</summary>
public sealed class TokenEndpointTests : IAsyncDisposable
{
    static readonly Dictionary<string, string> Form = new(StringComparer.Ordinal)
    {
        ["grant_type"] = "client_credentials",
        ["client_id"] = OAuthServer.ClientId,
        ["client_secret"] = OAuthServer.ClientSecret,
        ["scope"] = "a b&c=d",
    };

    readonly OAuthServer _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    async Task<TokenAnswer> AskAsync(string? url = null, TimeSpan? limit = null)
    {
        using var endpoint = new TokenEndpoint(TimeProvider.System, limit);
        return await endpoint.AskAsync(new(url ?? _server.Url), Form, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_form_arrives_as_it_was_given_and_the_answer_comes_back()
    {
        var answer = await AskAsync();
        Assert.Equal((200, null), (answer.Status, answer.Trouble));
        Assert.Contains("access-1", answer.Body, StringComparison.Ordinal);
        Assert.Equal(Form, Assert.Single(_server.Requests));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_refusal_is_an_answer()
    {
        _server.Instead = (response, _) => OAuthServer.SayAsync(response, 400, """{"error":"invalid_scope"}""");
        var answer = await AskAsync();
        Assert.Equal((400, """{"error":"invalid_scope"}""", null), (answer.Status, answer.Body, answer.Trouble));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_redirect_is_not_followed()
    {
        _server.Instead = (response, _) =>
        {
            response.Redirect(_server.Url + "/elsewhere");
            return Task.CompletedTask;
        };
        Assert.Equal(302, (await AskAsync()).Status);
        Assert.Single(_server.Requests);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_does_not_end_its_answer_costs_bounded_time(bool begins)
    {
        _server.Instead = async (response, stop) =>
        {
            if (begins)
            {
                response.SendChunked = true;
                await response.OutputStream.WriteAsync("{"u8.ToArray(), stop);
                await response.OutputStream.FlushAsync(stop);
            }
            await Task.Delay(Timeout.Infinite, stop);
        };
        var answer = await AskAsync(limit: TimeSpan.FromSeconds(0.5));
        Assert.Equal("The token endpoint 127.0.0.1 did not answer within 0.5 seconds.", answer.Trouble);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task One_that_goes_on_and_on_costs_bounded_memory()
    {
        _server.Instead = async (response, stop) =>
        {
            response.SendChunked = true;
            for (var block = new byte[64 * 1024]; ;) await response.OutputStream.WriteAsync(block, stop);
        };
        Assert.Contains("more than 128 KiB", (await AskAsync()).Trouble, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Nothing_is_fetched_from_where_its_certificate_says()
    {
        var stop = TestContext.Current.CancellationToken;
        using var issuers = new TcpListener(IPAddress.Loopback, 0);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        issuers.Start();
        listener.Start();
        using var authority = new TestAuthority();
        var pem = authority.Issue("localhost", $"http://127.0.0.1:{((IPEndPoint)issuers.LocalEndpoint).Port}/issuer.crt");
        using var certificate = X509Certificate2.CreateFromPem(pem, pem);
        var shown = new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true) };
        var shaken = Task.Run(async () =>
        {
            using var peer = await listener.AcceptTcpClientAsync(stop);
            await using var tls = new SslStream(peer.GetStream());
            await tls.AuthenticateAsServerAsync(shown, stop);
            await tls.CopyToAsync(Stream.Null, stop);
        }, stop);

        var answer = await AskAsync($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/token");

        Assert.Contains("certificate", answer.Trouble, StringComparison.Ordinal);
        Assert.False(issuers.Pending());
        await shaken.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task One_that_is_not_there_is_trouble_in_words()
    {
        var answer = await AskAsync("http://127.0.0.1:9/token");
        Assert.Equal((0, ""), (answer.Status, answer.Body));
        Assert.StartsWith("The token endpoint 127.0.0.1 cannot be reached: ", answer.Trouble, StringComparison.Ordinal);
        var plain = await AskAsync(_server.Url.Replace("http:", "https:", StringComparison.Ordinal));
        Assert.StartsWith("The token endpoint 127.0.0.1 cannot be reached: ", plain.Trouble, StringComparison.Ordinal);
    }
}
