using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>Reads certificates that administrators gave as PEM.</summary>
static class Certificates
{
    /// <summary>Longer is nothing that anybody needs.</summary>
    public const int MaxPemLength = 256 * 1024;

    /// <summary>Null: it holds certificates; else what is wrong with it.</summary>
    public static string? TroubleInAuthorities(string pem)
    {
        try
        {
            return pem.Length <= MaxPemLength && ReadAuthorities(pem).Count > 0
                ? null
                : "There is no certificate in it; give the PEM text, from -----BEGIN CERTIFICATE----- on.";
        }
        catch (CryptographicException e)
        {
            return $"This is not a certificate in PEM form: {e.Message}";
        }
    }

    /// <summary>The authorities to trust.</summary>
    /// <exception cref="CryptographicException">It is not PEM.</exception>
    public static X509Certificate2Collection ReadAuthorities(string pem)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(pem);
        return authorities;
    }

    /// <summary>A certificate with its key, in a form that TLS takes on every system, and what else is in the text: its chain.</summary>
    public static (X509Certificate2 Own, X509Certificate2Collection Chain) ReadOwn(string pem)
    {
        var chain = ReadAuthorities(pem);
        var own = X509Certificate2.CreateFromPem(pem, pem);
        if (!OperatingSystem.IsWindows()) return (own, chain);
        // Schannel cannot use a key that is only in memory.
        using (own) return (X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null), chain);
    }
}
