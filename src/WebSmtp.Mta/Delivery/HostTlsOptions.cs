using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// TLS towards a host as its route, smart host or collector wants it: TLS 1.2 and 1.3, any certificate or the right one,
/// ours when there is one. Certificates are read once for each smart host. Thread-safe.
/// </summary>
public sealed class HostTlsOptions(ISecretProtector secrets)
{
    // It goes with the target, which goes with the settings it came from.
    readonly ConditionalWeakTable<SmartHostTarget, HostTrust> _trust = [];

    /// <summary>How a session begins TLS.</summary>
    public static ClientTls ModeOf(HostTls tls) => tls switch
    {
        HostTls.None => ClientTls.None,
        HostTls.Opportunistic => ClientTls.Opportunistic,
        HostTls.Require or HostTls.Verify => ClientTls.Require,
        HostTls.Implicit => ClientTls.Implicit,
    };

    /// <summary>For one host of a delivery.</summary>
    /// <exception cref="CryptographicException">A certificate cannot be read; the message is one sentence.</exception>
    internal SslClientAuthenticationOptions For(NextHop host) => Towards(
        host.Name.Trim('[', ']'), host.Tls, host.Of is RouteHop.Via { Target: var target } ? TrustOf(target) : HostTrust.OfSystem);

    /// <summary>For the test of a smart host.</summary>
    /// <param name="seen">Is told what the host showed, before it is judged.</param>
    /// <exception cref="CryptographicException">A certificate cannot be read; the message is one sentence.</exception>
    internal SslClientAuthenticationOptions For(SmartHostTarget target, Action<PeerCertificate> seen) => Towards(
        // The name that a certificate has to be for: an address without its brackets.
        HostAndPort.TryParseHost(target.Host, out var host) ? host : target.Host, target.Tls, TrustOf(target), seen);

    /// <param name="host">The name that the certificate has to be for.</param>
    internal static SslClientAuthenticationOptions Towards(string host, HostTls tls, HostTrust trust, Action<PeerCertificate>? seen = null)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateContext = trust.Own,
            CertificateChainPolicy = trust.Policy(),
        };
        // With opportunistic TLS an unknown certificate is better than none, and "require" wants any (RFC 7435).
        var verify = tls is HostTls.Verify or HostTls.Implicit;
        // Without a callback the library says in its own words what is wrong.
        if (!verify || seen is not null)
        {
            options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                seen?.Invoke(PeerCertificate.Of(host, certificate, chain, errors));
                return !verify || errors is SslPolicyErrors.None;
            };
        }
        return options;
    }

    HostTrust TrustOf(SmartHostTarget target) => _trust.GetValue(target, Read);

    HostTrust Read(SmartHostTarget target)
    {
        var authorities = target.CertificateAuthority is { } pem ? Certificates.ReadAuthorities(pem) : null;
        if (target.ClientCertificate is not { } kept) return new(authorities, null);
        var clear = secrets.Unprotect(kept) ?? throw new CryptographicException("The stored client certificate cannot be read; give it again.");
        var (own, chain) = Certificates.ReadOwn(Encoding.UTF8.GetString(clear));
        return new(authorities, SslStreamCertificateContext.Create(own, chain, offline: true));
    }
}

/// <summary>Whom we trust, and what we show.</summary>
sealed record HostTrust(X509Certificate2Collection? Authorities, SslStreamCertificateContext? Own)
{
    /// <summary>The system's authorities, and nothing to show.</summary>
    public static readonly HostTrust OfSystem = new(null, null);

    /// <summary>A policy is used up by each handshake.</summary>
    public X509ChainPolicy Policy()
    {
        var policy = CertificateChains.NewPolicy();
        if (Authorities is null) return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(Authorities);
        return policy;
    }
}
