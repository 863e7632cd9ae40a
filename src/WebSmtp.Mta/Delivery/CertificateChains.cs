using System.Security.Cryptography.X509Certificates;

namespace WebSmtp.Mta.Delivery;

/// <summary>How the certificates of other hosts are judged.</summary>
public static class CertificateChains
{
    /// <summary>
    /// By what the host showed and the system's authorities. Nothing is fetched from where a certificate says: the runtime
    /// would wait for it on the thread of the handshake, and a stranger would choose the address.
    /// </summary>
    public static X509ChainPolicy NewPolicy() => new() { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
}
