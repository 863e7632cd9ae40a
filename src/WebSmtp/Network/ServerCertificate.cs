using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WebSmtp.Composition;

namespace WebSmtp.Network;

/// <summary>The self-signed certificate made at first run, for endpoints that have no other.</summary>
sealed class ServerCertificate
{
    ServerCertificate(X509Certificate2 certificate) => Context = SslStreamCertificateContext.Create(certificate, null, offline: true);

    public SslStreamCertificateContext Context { get; }

    /// <summary>Reads it from the data directory, or makes it there. Throws <see cref="SettingsException"/>.</summary>
    public static ServerCertificate LoadOrMake(string dataDirectory, TimeProvider time)
    {
        var path = Path.Combine(dataDirectory, "certificates", "default.pfx");
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            PrivateFile.Write(path, Make(time).Export(X509ContentType.Pkcs12));
        }
        try
        {
            return new(X509CertificateLoader.LoadPkcs12FromFile(path, null));
        }
        catch (CryptographicException e)
        {
            throw new SettingsException($"The certificate '{path}' cannot be read: {e.Message} Take the file away, and a new one is made.");
        }
    }

    static X509Certificate2 Make(TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var host = Environment.MachineName.ToLowerInvariant();
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], false));
        var now = time.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
    }
}
