using System.Net.Security;
using System.Security.Authentication;

namespace WebSmtp.Smtp.Client;

/// <summary>What a connection is protected with.</summary>
/// <param name="Protocol">The version.</param>
/// <param name="CipherSuite">By its registered name.</param>
/// <param name="Subject">Of the server's certificate.</param>
public sealed record NegotiatedTls(SslProtocols Protocol, TlsCipherSuite CipherSuite, string? Subject)
{
    internal static NegotiatedTls Of(SslStream stream) =>
        new(stream.SslProtocol, stream.NegotiatedCipherSuite, stream.RemoteCertificate?.Subject);

    /// <summary>For people and the trace: <c>TLS 1.3 TLS_AES_256_GCM_SHA384</c>.</summary>
    public override string ToString() => $"{Version} {CipherSuite}";

    string Version => Protocol switch
    {
        SslProtocols.Tls12 => "TLS 1.2",
        SslProtocols.Tls13 => "TLS 1.3",
        _ => Protocol.ToString(),
    };
}
