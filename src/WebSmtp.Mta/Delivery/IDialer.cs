using System.IO.Pipelines;
using System.Net;

namespace WebSmtp.Mta.Delivery;

/// <summary>Opens TCP connections. Thread-safe.</summary>
public interface IDialer
{
    /// <summary>Null connection when it could not be opened in time; the reason is one sentence.</summary>
    Task<(IDialedConnection? Connection, string? Reason)> DialAsync(IPEndPoint remote, TimeSpan timeout, CancellationToken stop);
}

/// <summary>An open connection; disposing closes it.</summary>
public interface IDialedConnection : IAsyncDisposable
{
    IDuplexPipe Transport { get; }
    IPEndPoint Remote { get; }

    /// <summary>Cuts it off at once, for whoever reads or writes as well. May be called from any thread.</summary>
    void Abort();
}
