using System.Text.Json.Serialization;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Api;

/// <summary>An SMTP session, living or ended.</summary>
/// <param name="Id">To close it with.</param>
/// <param name="SiteId">The site.</param>
/// <param name="Direction">inbound: somebody connected to a site; outbound: the site connected.</param>
/// <param name="Purpose">client: somebody brings mail, or collects it; delivery: we bring it; collection: we bring held mail after ETRN; collector: we collect.</param>
/// <param name="RemoteAddress">The peer's address and port.</param>
/// <param name="LocalEndpoint">The address and port that it came to; null for connections of ours.</param>
/// <param name="Helo">What the peer calls itself; null before it said so.</param>
/// <param name="Account">The account that is logged in; null before.</param>
/// <param name="Tls">The version of TLS; null: in clear.</param>
/// <param name="TlsCipher">The cipher suite.</param>
/// <param name="Stage">The command in work, or the last one.</param>
/// <param name="StartedAt">When the connection was there.</param>
/// <param name="EndedAt">When it ended; null while it lives.</param>
/// <param name="Messages">Messages taken over it.</param>
/// <param name="Bytes">Bytes received; as bytesReceived.</param>
/// <param name="BytesReceived">Bytes of commands, replies and content that came.</param>
/// <param name="BytesSent">The same that went.</param>
/// <param name="LastRefusal">The last reply of ours that was no success.</param>
/// <param name="Outcome">How it ended: completed, refused, broken or closed (by this side's people); null while it lives.</param>
/// <param name="End">The same in one sentence.</param>
/// <param name="Conversation">What was said, where one session is asked for and it was kept.</param>
sealed record SessionResponse(
    string Id, int SiteId, SessionDirection Direction, SessionPurpose Purpose, string RemoteAddress, string? LocalEndpoint, string? Helo, string? Account,
    string? Tls, string? TlsCipher, string Stage, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, int Messages, long Bytes, long BytesReceived, long BytesSent,
    string? LastRefusal, string? Outcome, string? End,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ConversationResponse? Conversation)
{
    const string Facts = """
        "id": "0HN1", "siteId": 1, "direction": "inbound", "purpose": "client", "remoteAddress": "127.0.0.1:51514", "localEndpoint": "127.0.0.1:2525",
          "helo": "client.example", "account": null, "tls": "TLS 1.3", "tlsCipher": "TLS_AES_256_GCM_SHA384", "stage": "DATA", "startedAt": "2026-11-23T08:00:00Z",
          "endedAt": null, "messages": 3, "bytes": 12051, "bytesReceived": 12051, "bytesSent": 812, "lastRefusal": null, "outcome": null, "end": null
        """;

    public const string Example = "{ " + Facts + " }";
    public const string ExampleWithConversation = "{ " + Facts + ", \"conversation\": " + ConversationResponse.Example + " }";

    public static SessionResponse Of(SessionView view, ConversationCopy? said = null) => new(
        view.Id, view.SiteId, view.Direction, view.Purpose, view.Remote, view.Local, view.PeerName, view.Account, view.Tls, view.TlsCipher, view.Stage,
        view.StartedAt, view.EndedAt, view.Messages, view.BytesReceived, view.BytesReceived, view.BytesSent, view.LastRefusal, view.Outcome?.ToString().ToLowerInvariant(), view.End,
        ConversationResponse.Of(said));
}
