using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// TLS towards a host as its route wants it: TLS 1.2 and 1.3, any certificate or the right one, ours when there is one.
/// Certificates are read once for each target. Thread-safe.
/// </summary>
sealed class HostTlsOptions(ISecretProtector secrets)
{
    // They go with the target, which goes with the settings it came from.
    readonly ConditionalWeakTable<SmartHostTarget, Certificates> _certificates = [];

    /// <summary>How a session begins TLS.</summary>
    public static ClientTls ModeOf(HostTls tls) => tls switch
    {
        HostTls.None => ClientTls.None,
        HostTls.Opportunistic => ClientTls.Opportunistic,
        HostTls.Require or HostTls.Verify => ClientTls.Require,
        HostTls.Implicit => ClientTls.Implicit,
    };

    /// <summary>Throws <see cref="CryptographicException"/> with one sentence when a certificate cannot be read.</summary>
    public SslClientAuthenticationOptions For(NextHop host)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host.Name.Trim('[', ']'),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
        var given = host.Of is RouteHop.Via { Target: var target } ? _certificates.GetValue(target, Read) : null;
        if (given?.Own is { } own) options.ClientCertificateContext = SslStreamCertificateContext.Create(own, given.OwnChain, offline: true);
        if (host.Tls is HostTls.Verify or HostTls.Implicit)
        {
            if (given?.Authorities is { Count: > 0 } authorities)
            {
                options.CertificateChainPolicy = new()
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                };
                options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
            }
            return options;
        }
#pragma warning disable CA5359 // Asked for: with opportunistic TLS an unknown certificate is better than none, and "require" wants any.
        options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        return options;
    }

    Certificates Read(SmartHostTarget target)
    {
        X509Certificate2Collection? authorities = null;
        if (target.CertificateAuthority is { } pem)
        {
            authorities = [];
            authorities.ImportFromPem(pem);
            if (authorities.Count == 0) throw new CryptographicException("The certificateAuthority of the smart host has no certificate.");
        }
        if (target.ClientCertificate is not { } kept) return new(authorities, null, []);
        var secret = secrets.Unprotect(kept) ?? throw new CryptographicException("The stored client certificate cannot be read; give it again.");
        var text = Encoding.UTF8.GetString(secret);
        using var own = X509Certificate2.CreateFromPem(text, text);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(text);
        // Some systems take only a key that came in this form.
        return new(authorities, X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null), chain);
    }

    sealed record Certificates(X509Certificate2Collection? Authorities, X509Certificate2? Own, X509Certificate2Collection OwnChain);
}
