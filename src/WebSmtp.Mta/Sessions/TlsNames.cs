using System.Security.Authentication;

namespace WebSmtp.Mta.Sessions;

/// <summary>Versions of TLS as people write them.</summary>
public static class TlsNames
{
    public static string Of(SslProtocols version) => version switch
    {
        SslProtocols.Tls13 => "TLS 1.3",
        SslProtocols.Tls12 => "TLS 1.2",
        _ => version.ToString(),
    };
}
