using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Collectors;

/// <summary>What TLS towards a provider comes to.</summary>
static class CollectorTls
{
    public static ClientTls ModeOf(HostTls tls) => tls switch
    {
        HostTls.None => ClientTls.None,
        HostTls.Opportunistic => ClientTls.Opportunistic,
        HostTls.Require or HostTls.Verify => ClientTls.Require,
        HostTls.Implicit => ClientTls.Implicit,
        _ => throw new ArgumentOutOfRangeException(nameof(tls)),
    };

    public static SslClientAuthenticationOptions OptionsFor(Collector collector)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = collector.Host };
        if (collector.Tls is not (HostTls.Verify or HostTls.Implicit))
        {
#pragma warning disable CA5359 // Asked for: an unknown certificate is still better than none.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
            return options;
        }
        if (collector.CertificateAuthority is not { } pem) return options;
        options.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        options.CertificateChainPolicy.CustomTrustStore.ImportFromPem(pem);
        return options;
    }

    /// <summary>Null: it holds certificates; else what is wrong with it.</summary>
    public static string? TroubleIn(string pem)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(pem);
            return certificates.Count > 0 ? null : "There is no certificate in it: give PEM (-----BEGIN CERTIFICATE-----).";
        }
        catch (CryptographicException e)
        {
            return $"This is not a certificate in PEM: {e.Message}";
        }
    }
}
