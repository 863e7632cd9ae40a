using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>The certificate that a host showed.</summary>
/// <param name="Trouble">What is wrong with it, in plain words; null: nothing.</param>
public sealed record PeerCertificate(string Subject, string Issuer, DateTimeOffset ValidFrom, DateTimeOffset ExpiresAt, string? Trouble)
{
    internal static PeerCertificate Of(string host, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is null) return new("", "", default, default, "The host showed no certificate.");
        var certificate = shown as X509Certificate2 ?? new X509Certificate2(shown);
        return new(
            certificate.Subject, certificate.Issuer, new(certificate.NotBefore.ToUniversalTime()), new(certificate.NotAfter.ToUniversalTime()),
            errors is SslPolicyErrors.None ? null : string.Join(' ', Troubles(host, certificate, chain, errors)));
    }

    static IEnumerable<string> Troubles(string host, X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            yield return $"It is for {NamesIn(certificate)}, not for {host}.";
        if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)) yield break;
        var statuses = chain?.ChainStatus ?? [];
        var all = statuses.Aggregate(X509ChainStatusFlags.NoError, (sum, status) => sum | status.Status);
        if (all.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"It, or one that it depends on, has expired or is not valid yet: it is valid from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd} to {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}.");
        }
        if ((all & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) is not X509ChainStatusFlags.NoError)
        {
            yield return certificate.Subject == certificate.Issuer
                ? "It is signed by itself; give it as certificateAuthority if it is the right one."
                : "Nobody that is trusted here vouches for it; give the issuer's certificate as certificateAuthority if it is a private one.";
        }
        const X509ChainStatusFlags told = X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;
        foreach (var other in statuses.Where(status => (status.Status & ~told) is not X509ChainStatusFlags.NoError)) yield return other.StatusInformation.Trim();
    }

    static string NamesIn(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())))
            .Take(5).ToList();
        return names.Count > 0 ? string.Join(", ", names) : certificate.Subject;
    }
}
