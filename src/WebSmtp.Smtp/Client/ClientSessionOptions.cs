using System.Net.Security;

namespace WebSmtp.Smtp.Client;

/// <summary>TLS towards a host: never, when it is offered, always by STARTTLS, or from the first byte.</summary>
public enum ClientTls { None, Opportunistic, Require, Implicit }

/// <summary>What a client logs in with. RFC 4954. Never logged: has no text form.</summary>
public abstract record ClientCredentials(string Username)
{
    /// <summary>By the best mechanism that both sides know: SCRAM-SHA-256, PLAIN, LOGIN, CRAM-MD5; without TLS CRAM-MD5 comes second.</summary>
    public sealed record Password(string Username, string Secret) : ClientCredentials(Username);

    /// <summary>OAUTHBEARER (RFC 7628) or XOAUTH2.</summary>
    public sealed record OAuthToken(string Username, string Token) : ClientCredentials(Username);

    public sealed override string ToString() => Username;
}

/// <summary>How a client session behaves, with the time-outs of RFC 5321 section 4.5.3.2 as defaults.</summary>
public sealed record ClientSessionOptions
{
    /// <summary>The name given to EHLO.</summary>
    public required string HostName { get; init; }

    /// <summary>
    /// The connection was turned around (TURN, ATRN): no STARTTLS, DATA and never BDAT. Clients that copy line by line
    /// lose a chunk that does not end in LF.
    /// </summary>
    public bool Turned { get; init; }

    public ClientTls Tls { get; init; } = ClientTls.None;

    /// <summary>Used for the handshake; needed unless <see cref="Tls"/> is <see cref="ClientTls.None"/>.</summary>
    public SslClientAuthenticationOptions? TlsOptions { get; init; }

    /// <summary>Null: no log-in.</summary>
    public ClientCredentials? Credentials { get; init; }

    /// <summary>Passwords and tokens may be sent in clear; where TLS is off by choice.</summary>
    public bool AllowClearPasswords { get; init; }

    public TimeSpan GreetingTimeout { get; init; } = TimeSpan.FromMinutes(5);
    public TimeSpan ReplyTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Time for all commands of an envelope together: a server that answers each at the last moment must not keep a connection for days.</summary>
    public TimeSpan EnvelopeTimeout { get; init; } = TimeSpan.FromMinutes(30);
    public TimeSpan DataTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Time for each block of content to be taken.</summary>
    public TimeSpan ContentTimeout { get; init; } = TimeSpan.FromMinutes(3);
    public TimeSpan FinalTimeout { get; init; } = TimeSpan.FromMinutes(10);
}
