using System.Buffers;
using System.Security.Authentication;
using System.Text;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Network;

/// <summary>Asks OAuth2 token endpoints over HTTP, which get bounded time and may say a bounded amount.</summary>
public sealed class TokenEndpoint : ITokenEndpoint, IDisposable
{
    static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);

    /// <summary>A token and what stands around it have a few thousand bytes.</summary>
    const int MaxAnswerBytes = 128 * 1024;

    readonly TimeProvider _time;
    readonly TimeSpan _limit;
    readonly HttpClient _http;

    /// <param name="limit">For everything from the connection to the end of the answer; null: half a minute.</param>
    public TokenEndpoint(TimeProvider time, TimeSpan? limit = null)
    {
        (_time, _limit) = (time, limit ?? TimeLimit);
        _http = new(new SocketsHttpHandler
        {
            // A secret goes where the administrator said, and nowhere else.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            MaxResponseHeadersLength = 32,
            SslOptions = { CertificateChainPolicy = CertificateChains.NewPolicy() },
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    public async Task<TokenAnswer> AskAsync(Uri endpoint, IReadOnlyDictionary<string, string> form, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(_limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new FormUrlEncodedContent(form) };
            request.Headers.Accept.ParseAdd("application/json");
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var body = await ReadAsync(response.Content, either.Token);
            return body is null
                ? new(0, "", $"The token endpoint {endpoint.Host} answered with more than {MaxAnswerBytes / 1024} KiB; is it the right address?")
                : new((int)response.StatusCode, body, null);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new(0, "", $"The token endpoint {endpoint.Host} did not answer within {_limit.TotalSeconds:0.#} seconds.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new(0, "", $"The token endpoint {endpoint.Host} cannot be reached: {Explain(e)}");
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Null: it goes on and on.</summary>
    static async Task<string?> ReadAsync(HttpContent content, CancellationToken stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MaxAnswerBytes + 1);
        try
        {
            await using var stream = await content.ReadAsStreamAsync(stop);
            var length = await stream.ReadAtLeastAsync(buffer.AsMemory(0, MaxAnswerBytes + 1), MaxAnswerBytes + 1, throwOnEndOfStream: false, stop);
            return length > MaxAnswerBytes ? null : Encoding.UTF8.GetString(buffer, 0, length);
        }
        finally
        {
            // There was a token in it.
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    static string Explain(Exception e) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name cannot be resolved.",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: AuthenticationException trouble } => trouble.Message,
        HttpRequestException { InnerException: { } inner } => inner.Message,
        _ => e.Message,
    };
}
