using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WebSmtp.Smtp.Tests.Server;

/// <summary>One self-signed certificate for all tests that speak TLS.</summary>
static class TestCertificate
{
    static readonly Lazy<X509Certificate2> Certificate = new(() =>
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mx.example", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        // A certificate that was never stored has a key that not every platform's TLS can use.
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    });

    public static SslServerAuthenticationOptions Server => new() { ServerCertificate = Certificate.Value };

    [SuppressMessage("Security", "CA5359", Justification = "Nobody vouches for the certificate of a test")]
    public static SslClientAuthenticationOptions Client => new()
    {
        TargetHost = "mx.example",
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
    };
}
