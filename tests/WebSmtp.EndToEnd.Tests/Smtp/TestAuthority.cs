using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WebSmtp.EndToEnd.Tests.Smtp;

/// <summary>A private certificate authority for one test.</summary>
public sealed class TestAuthority : IDisposable
{
    readonly X509Certificate2 _own;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Authority of a test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _own = request.CreateSelfSigned(From, From.AddDays(30));
    }

    static DateTimeOffset From { get; } = DateTimeOffset.UtcNow.AddDays(-1);

    public string Pem => _own.ExportCertificatePem();

    /// <summary>A key and a certificate for a host, which is also good for a client of that name.</summary>
    /// <param name="issuers">Where it says that its issuer's certificate is to be had.</param>
    public string Issue(string host, string? issuers = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        if (issuers is not null) request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [issuers]));
        using var issued = request.Create(_own, From, From.AddDays(20), Guid.NewGuid().ToByteArray());
        return key.ExportPkcs8PrivateKeyPem() + "\n" + issued.ExportCertificatePem() + "\n";
    }

    public void Dispose() => _own.Dispose();
}
