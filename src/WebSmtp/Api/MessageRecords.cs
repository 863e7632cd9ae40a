using WebSmtp.Mta.Queue;

namespace WebSmtp.Api;

/// <summary>What became of a recipient. retry: queued again after a failed attempt.</summary>
enum EntryState { Queued, Held, Delivering, Retry, Frozen, Delivered, Failed, Expired, Deleted }

/// <summary>An accepted message.</summary>
/// <param name="Id">Sorts by age.</param>
/// <param name="SiteId">The site that took it.</param>
/// <param name="ReceivedAt">When it was accepted.</param>
/// <param name="From">The client that brought it.</param>
/// <param name="Account">The account that it had logged in with.</param>
/// <param name="Protocol">The with keyword of the Received field: SMTP, ESMTP, ESMTPSA...</param>
/// <param name="MailFrom">The envelope's sender; empty for the null reverse-path.</param>
/// <param name="Size">Bytes of the content as stored.</param>
/// <param name="Subject">Of the header, for display.</param>
/// <param name="MessageId">The header's Message-ID.</param>
/// <param name="Recipients">What became of each.</param>
sealed record MessageResponse(
    string Id, int SiteId, DateTimeOffset ReceivedAt, ClientResponse From, string? Account, string Protocol, string MailFrom, long Size,
    string? Subject, string? MessageId, IReadOnlyList<RecipientResponse> Recipients)
{
    public const string Example = """
        { "id": "02P3K9ZC1G004", "siteId": 1, "receivedAt": "2026-11-22T21:10:05.112Z", "from": { "address": "127.0.0.1", "name": null, "helo": "client.example" },
          "account": null, "protocol": "ESMTP", "mailFrom": "alice@example.org", "size": 4017, "subject": "Hello", "messageId": "<1@example.org>",
          "recipients": [ { "address": "bob@test.com", "state": "held", "attempts": 0, "nextAttempt": null, "lastReply": null, "deliveredTo": null, "via": null } ] }
        """;

    public const string ContentExample = """
        "Received: from client.example ([127.0.0.1])\r\n\tby hub.example (WebSmtp) with ESMTP id 02P3K9ZC1G004\r\n\tfor <bob@test.com>;\r\n\tSun, 22 Nov 2026 21:10:05 +0000\r\nSubject: Hello\r\n\r\nHello Bob\r\n"
        """;

    public static MessageResponse Of(Message message) => new(
        new MessageId(message.Id).ToString(), message.SiteId, message.ReceivedAt, new(message.ClientAddress, null, message.HeloName),
        message.Account, message.Protocol, message.MailFrom, message.Size, message.Subject, message.HeaderMessageId,
        [.. message.Recipients.Select(recipient => new RecipientResponse(
            recipient.Address, Shown(recipient), recipient.Attempts, recipient.DueAt, recipient.LastReply, recipient.DeliveredTo,
            recipient.ViaDomain ?? recipient.ViaSmartHost))]);

    /// <summary>The state that entries are stored with.</summary>
    public static RecipientState Stored(EntryState state) => state switch
    {
        EntryState.Queued or EntryState.Retry => RecipientState.Queued,
        EntryState.Held => RecipientState.Held,
        EntryState.Delivering => RecipientState.Delivering,
        EntryState.Frozen => RecipientState.Frozen,
        EntryState.Delivered => RecipientState.Delivered,
        EntryState.Failed => RecipientState.Failed,
        EntryState.Expired => RecipientState.Expired,
        EntryState.Deleted => RecipientState.Deleted,
    };

    static EntryState Shown(Recipient recipient) => recipient.State switch
    {
        RecipientState.Queued => recipient.Attempts > 0 ? EntryState.Retry : EntryState.Queued,
        RecipientState.Held => EntryState.Held,
        RecipientState.Delivering => EntryState.Delivering,
        RecipientState.Frozen => EntryState.Frozen,
        RecipientState.Delivered => EntryState.Delivered,
        RecipientState.Failed => EntryState.Failed,
        RecipientState.Expired => EntryState.Expired,
        RecipientState.Deleted => EntryState.Deleted,
    };
}

/// <summary>A client that brought a message.</summary>
/// <param name="Address">Its IP address.</param>
/// <param name="Name">What reverse DNS calls it; null when that was not asked.</param>
/// <param name="Helo">What it called itself.</param>
sealed record ClientResponse(string Address, string? Name, string Helo);

/// <summary>One recipient of a message.</summary>
/// <param name="Address">The envelope's recipient.</param>
/// <param name="State">What became of it.</param>
/// <param name="Attempts">Attempts to deliver it so far.</param>
/// <param name="NextAttempt">When it is due; null unless queued or retry.</param>
/// <param name="LastReply">What the last host answered.</param>
/// <param name="DeliveredTo">The host or folder that took it.</param>
/// <param name="Via">The domain or smart host that an operator sent it by; null: its own route.</param>
sealed record RecipientResponse(
    string Address, EntryState State, int Attempts, DateTimeOffset? NextAttempt, string? LastReply, string? DeliveredTo, string? Via);

/// <summary>The story of a message.</summary>
/// <param name="Items">What happened, in order.</param>
sealed record TraceResponse(IReadOnlyList<TraceEventResponse> Items)
{
    public const string Example = """
        { "items": [
          { "at": "2026-11-22T21:10:05.112Z", "event": "received", "recipient": null, "detail": "4017 bytes by ESMTP", "reply": "250 2.0.0 OK", "host": "client.example", "address": "127.0.0.1", "tls": null, "stage": null, "milliseconds": null, "by": null },
          { "at": "2026-11-22T21:10:05.112Z", "event": "held", "recipient": "bob@test.com", "detail": "waits to be collected", "reply": null, "host": null, "address": null, "tls": null, "stage": null, "milliseconds": null, "by": null } ] }
        """;

    public static TraceResponse Of(IReadOnlyList<TraceEvent> events) => new([.. events.Select(TraceEventResponse.Of)]);
}

/// <summary>Something that happened to a message.</summary>
/// <param name="At">When.</param>
/// <param name="Event">received, queued, held, attempt, delivered, deferred, failed, expired, frozen, released, redirected, deleted, collected or reported.</param>
/// <param name="Recipient">The recipient that it concerns; null: all.</param>
/// <param name="Detail">In words.</param>
/// <param name="Reply">The SMTP reply that decided it.</param>
/// <param name="Host">The other host, by name.</param>
/// <param name="Address">The other host, by address.</param>
/// <param name="Tls">The version of TLS; null: in clear.</param>
/// <param name="Stage">Where in the conversation it was decided.</param>
/// <param name="Milliseconds">How long the attempt took.</param>
/// <param name="By">Who asked for it.</param>
sealed record TraceEventResponse(
    DateTimeOffset At, string Event, string? Recipient, string? Detail, string? Reply, string? Host, string? Address, string? Tls,
    string? Stage, int? Milliseconds, string? By)
{
    public static TraceEventResponse Of(TraceEvent one)
    {
        // Where the peer has no name, its address stands for one.
        var isAddress = System.Net.IPAddress.TryParse(one.Host, out _);
        return new(
            one.At, one.Event, one.Recipient, one.Detail, one.Reply, isAddress ? null : one.Host, one.Address ?? (isAddress ? one.Host : null),
            one.Tls, one.Stage, one.Milliseconds, one.By);
    }
}
