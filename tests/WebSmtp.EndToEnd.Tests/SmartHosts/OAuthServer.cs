using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Web;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.SmartHosts;

/// <summary>A token endpoint on loopback, RFC 6749: hands out tokens against a client secret or a refresh token, which it rotates.</summary>
public sealed class OAuthServer : IAsyncDisposable
{
    public const string ClientId = "the-client", ClientSecret = "cl13nt-s3cret", FirstRefreshToken = "r3fresh-0";

    readonly HttpListener _listener = new();
    readonly CancellationTokenSource _stop = new();
    readonly ConcurrentQueue<IReadOnlyDictionary<string, string>> _requests = new();
    readonly Task _serving;
    string _refreshToken = FirstRefreshToken;
    int _tokens;

    public OAuthServer()
    {
        Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Next()}/token");
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Url { get; }

    /// <summary>Forms that were posted, in order.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Requests => [.. _requests];

    /// <summary>The token that was given last; what a mail host takes.</summary>
    public string Current => $"access-{_tokens.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The refresh token that is good now.</summary>
    public string RefreshToken => _refreshToken;
    public int Lifetime { get; set; } = 3600;

    /// <summary>Answers in place of the ordinary one.</summary>
    public Func<HttpListenerResponse, CancellationToken, Task>? Instead { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Close();
        await _serving;
        _stop.Dispose();
    }

    async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                try
                {
                    await AnswerAsync(context);
                    context.Response.Close();
                }
                catch (Exception e) when (e is HttpListenerException or OperationCanceledException or InvalidOperationException)
                {
                    context.Response.Abort();
                }
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    async Task AnswerAsync(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream);
        var given = HttpUtility.ParseQueryString(await reader.ReadToEndAsync(_stop.Token));
        var form = given.AllKeys.ToDictionary(key => key!, key => given[key]!, StringComparer.Ordinal);
        _requests.Enqueue(form);
        if (Instead is { } instead) await instead(context.Response, _stop.Token);
        else if (context.Request.HttpMethod is not "POST") await SayAsync(context.Response, 405, "{}");
        else if (form.GetValueOrDefault("client_id") is not ClientId || form.GetValueOrDefault("client_secret") is not ClientSecret)
            await SayAsync(context.Response, 401, """{ "error": "invalid_client", "error_description": "Unknown client." }""");
        else if (form["grant_type"] is "refresh_token" && form.GetValueOrDefault("refresh_token") != _refreshToken)
            await SayAsync(context.Response, 400, """{ "error": "invalid_grant", "error_description": "The refresh token was used already." }""");
        else await GrantAsync(context.Response, rotate: form["grant_type"] is "refresh_token");
    }

    Task GrantAsync(HttpListenerResponse response, bool rotate)
    {
        Interlocked.Increment(ref _tokens);
        if (rotate) _refreshToken = string.Create(CultureInfo.InvariantCulture, $"r3fresh-{_tokens}");
        return SayAsync(response, 200, $$"""
            { "access_token": "{{Current}}", "token_type": "Bearer", "expires_in": {{Lifetime}}{{(rotate ? $", \"refresh_token\": \"{_refreshToken}\"" : "")}} }
            """);
    }

    public static async Task SayAsync(HttpListenerResponse response, int status, string body)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        await response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
    }
}
