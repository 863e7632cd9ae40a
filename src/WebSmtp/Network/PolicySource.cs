using System.Net.Sockets;
using System.Text;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Routing;

namespace WebSmtp.Network;

/// <summary>
/// Gets MTA-STS policies: over HTTPS with a right certificate, from the addresses that our DNS servers name, without
/// following redirects, in bounded time and size. RFC 8461 section 3.3.
/// </summary>
sealed class PolicySource : IPolicySource, IDisposable
{
    static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);
    const int MaxBytes = 64 * 1024;

    readonly HttpClient _http;

    public PolicySource(IMailRouteResolver resolver) => _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        MaxResponseHeadersLength = 32,
        SslOptions = { CertificateChainPolicy = CertificateChains.NewPolicy() },
        ConnectCallback = async (context, stop) =>
        {
            var found = await resolver.ResolveHostAsync(context.DnsEndPoint.Host, stop);
            if (found.Hosts.Count == 0) throw new IOException(found.Reason);
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync([.. found.Hosts.Select(host => host.Address)], context.DnsEndPoint.Port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    { Timeout = TimeLimit };

    public async Task<(string? Text, string? Trouble)> GetAsync(string domain, CancellationToken stop)
    {
        var address = new Uri($"https://mta-sts.{domain}/.well-known/mta-sts.txt");
        try
        {
            using var response = await _http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, stop);
            if (!response.IsSuccessStatusCode) return (null, $"{address} answers {(int)response.StatusCode}.");
            await using var body = await response.Content.ReadAsStreamAsync(stop);
            var buffer = new byte[MaxBytes + 1];
            var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, stop).AsTask().WaitAsync(TimeLimit, stop);
            return length > MaxBytes ? (null, $"{address} is longer than {MaxBytes / 1024} KiB.") : (Encoding.UTF8.GetString(buffer, 0, length), null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException || e is OperationCanceledException && !stop.IsCancellationRequested)
        {
            return (null, $"{address} cannot be had: {(e is OperationCanceledException or TimeoutException ? "it did not answer in time" : e.GetBaseException().Message.TrimEnd('.'))}.");
        }
    }

    public void Dispose() => _http.Dispose();
}
