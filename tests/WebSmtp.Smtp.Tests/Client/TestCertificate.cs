using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>TLS for both sides of a conversation in memory, with a certificate made on the spot.</summary>
static class TestCertificate
{
    public static SslServerAuthenticationOptions Server { get; } = new() { ServerCertificate = Make() };

    public static SslClientAuthenticationOptions Client { get; } = new()
    {
        TargetHost = "mx.example",
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate!.Subject == "CN=mx.example",
    };

    static X509Certificate2 Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var from = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return new CertificateRequest("CN=mx.example", key, HashAlgorithmName.SHA256).CreateSelfSigned(from, from.AddYears(100));
    }
}
