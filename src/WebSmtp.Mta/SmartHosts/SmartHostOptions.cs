using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>How a session with a smart host is opened: the same for deliveries and for its test. Thread-safe.</summary>
public sealed class SmartHostOptions(ISecretProtector secrets)
{
    // Certificates are read once for each target; they go with it.
    readonly ConditionalWeakTable<SmartHostTarget, Trust> _trust = [];

    /// <param name="basis">Name and time-outs of the site that sends.</param>
    /// <param name="credentials">From <see cref="SmartHostCredentials"/>.</param>
    /// <param name="seen">Is told what the host showed, before it is judged.</param>
    public ClientSessionOptions For(
        SmartHostTarget target, ClientSessionOptions basis, ClientCredentials? credentials, Action<PeerCertificate>? seen = null) => basis with
        {
            Tls = target.Tls switch
            {
                HostTls.None => ClientTls.None,
                HostTls.Opportunistic => ClientTls.Opportunistic,
                HostTls.Require or HostTls.Verify => ClientTls.Require,
                HostTls.Implicit => ClientTls.Implicit,
            },
            TlsOptions = target.Tls is HostTls.None ? null : TlsTowards(
                NameOf(target), target.Tls is HostTls.Verify or HostTls.Implicit, _trust.GetValue(target, Read), seen),
            Credentials = credentials,
            AllowClearPasswords = target.Tls is HostTls.None,
        };

    /// <summary>The name that a certificate has to be for: an address without its brackets.</summary>
    static string NameOf(SmartHostTarget target) => HostAndPort.TryParseHost(target.Host, out var host) ? host : target.Host;

    static SslClientAuthenticationOptions TlsTowards(string host, bool verify, Trust trust, Action<PeerCertificate>? seen)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateContext = trust.Own,
            CertificateChainPolicy = trust.Policy(),
        };
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

    Trust Read(SmartHostTarget target)
    {
        var authorities = target.CertificateAuthority is { } pem ? Certificates.ReadAuthorities(pem) : null;
        if (target.ClientCertificate is not { } stored || secrets.Unprotect(stored) is not { } clear) return new(authorities, null);
        var (own, chain) = Certificates.ReadOwn(Encoding.UTF8.GetString(clear));
        return new(authorities, SslStreamCertificateContext.Create(own, chain, offline: true));
    }

    /// <summary>Whom we trust, and what we show.</summary>
    sealed record Trust(X509Certificate2Collection? Authorities, SslStreamCertificateContext? Own)
    {
        /// <summary>Null: the system's authorities. A policy is used up by each handshake.</summary>
        public X509ChainPolicy? Policy()
        {
            if (Authorities is null) return null;
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(Authorities);
            return policy;
        }
    }
}
