using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Mvc;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Trace;

namespace WebSmtp.Api;

/// <summary>Something that happened to a message, or was refused.</summary>
/// <param name="MessageId">Our id of the message; null for what was refused.</param>
/// <param name="SiteId">The site.</param>
/// <param name="MailFrom">The envelope's sender; empty for the null reverse-path, null where none was given.</param>
/// <param name="HeaderMessageId">The header's Message-ID.</param>
/// <param name="At">When.</param>
/// <param name="Event">As in the trace of a message, or rejected.</param>
/// <param name="Recipient">The recipient that it concerns; null: all, or none.</param>
/// <param name="Detail">In words.</param>
/// <param name="Reply">The SMTP reply that decided it.</param>
/// <param name="Host">The other host, by name.</param>
/// <param name="Address">The other host, by address.</param>
/// <param name="Tls">The version of TLS; null: in clear.</param>
/// <param name="Stage">Where in the conversation it was decided.</param>
/// <param name="Milliseconds">How long the attempt took.</param>
/// <param name="By">Who asked for it, or was logged in.</param>
sealed record FoundEventResponse(
    string? MessageId, int SiteId, string? MailFrom, string? HeaderMessageId, DateTimeOffset At, string Event, string? Recipient,
    string? Detail, string? Reply, string? Host, string? Address, string? Tls, string? Stage, int? Milliseconds, string? By)
{
    public const string Example = """
        { "messageId": "02P3K9ZC1G004", "siteId": 1, "mailFrom": "alice@example.org", "headerMessageId": "<1@example.org>",
          "at": "2026-11-22T21:10:07Z", "event": "delivered", "recipient": "bob@test.com", "detail": null, "reply": "250 2.0.0 OK",
          "host": "mail.test.com", "address": "192.0.2.7:25", "tls": "Tls13", "stage": "finalDot", "milliseconds": 312, "by": null }
        """;

    public static FoundEventResponse Of(TraceFinding found)
    {
        var one = TraceEventResponse.Of(found.Event);
        return new(
            found.MessageId?.ToString(), found.SiteId, found.MailFrom, found.HeaderMessageId, one.At, one.Event, one.Recipient, one.Detail,
            one.Reply, one.Host, one.Address, one.Tls, one.Stage, one.Milliseconds, one.By);
    }
}

/// <summary>A refused connection, log-in, sender, recipient or message.</summary>
/// <param name="Id">Sorts by age.</param>
/// <param name="At">When.</param>
/// <param name="Client">The client's address.</param>
/// <param name="Helo">What the client called itself.</param>
/// <param name="Account">The account that had logged in, or that a refused log-in named.</param>
/// <param name="Tls">The version of TLS; null: in clear.</param>
/// <param name="Stage">CONNECT, AUTH, MAIL, RCPT or DATA; MANY: it stands for more than were written down.</param>
/// <param name="MailFrom">The envelope's sender.</param>
/// <param name="Recipient">The recipient that was refused, or whose message was.</param>
/// <param name="MessageId">The header's Message-ID, where the content was refused.</param>
/// <param name="Reply">What the client was told.</param>
sealed record RejectionResponse(
    string Id, DateTimeOffset At, string Client, string? Helo, string? Account, string? Tls, string Stage, string? MailFrom, string? Recipient,
    string? MessageId, string Reply)
{
    public const string Example = """
        { "id": "02P3K9ZC1G00B", "at": "2026-11-22T21:10:05Z", "client": "192.0.2.99", "helo": "client.example", "account": null, "tls": null,
          "stage": "RCPT", "mailFrom": "alice@example.org", "recipient": "bob@elsewhere.example", "messageId": null,
          "reply": "550 5.7.1 Unable to relay for <bob@elsewhere.example>" }
        """;

    public static RejectionResponse Of(Rejection rejection) => new(
        new MessageId(rejection.Id).ToString(), rejection.At, rejection.ClientAddress, rejection.HeloName, rejection.Account, rejection.Tls,
        rejection.Stage, rejection.MailFrom, rejection.Recipient, rejection.HeaderMessageId, rejection.Reply);
}

static class TraceEndpoints
{
    const string Tag = "Trace";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/trace", FindAsync)
            .Describe(Role.Viewer, Tag, "Find out what became of mail",
                "Events of messages, living or gone, and refusals. The newest message or refusal comes first, and of a message what happened last. Addresses are whole, reply is a part of a reply; a search for it or for a client takes longer. With what (refused, delivered, deferred or failed) only such events are listed, by their own time: delivered has collected, failed has expired. A page may be short and yet have a nextCursor; total is of the page.")
            .Produces<Listed<FoundEventResponse>>().ListExample(FoundEventResponse.Example);
        api.MapGet("/sites/{id:int}/rejections", RejectionsAsync)
            .Describe(Role.Viewer, Tag, "List what a site refused",
                "Refused connections, log-ins, senders, recipients and messages, newest first. A page may be short and yet have a nextCursor; total is of the page.", 404)
            .Produces<Listed<RejectionResponse>>().ListExample(RejectionResponse.Example);
    }

    static async Task<IResult> FindAsync(HttpContext context, TraceSearch trace, [AsParameters] TraceQuery query)
    {
        var page = PageRequest.Read("trace", query.Limit, query.Cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        var filter = query.Filter();
        return filter.Value is { } what
            ? context.Show(wanted.Of(await trace.FindAsync(what, wanted.After, wanted.Limit, context.RequestAborted), FoundEventResponse.Of))
            : filter.Problem!.Answer();
    }

    static async Task<IResult> RejectionsAsync(HttpContext context, SiteRegistry sites, TraceSearch trace, int id, [AsParameters] RejectionQuery query)
    {
        var page = PageRequest.Read($"rejections {id}", query.Limit, query.Cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        if (sites.Find(id) is null) return SiteEndpoints.NotFound(id).Answer();
        var filter = query.Filter(id);
        return filter.Value is { } what
            ? context.Show(wanted.Of(await trace.FindRejectionsAsync(what, wanted.After, wanted.Limit, context.RequestAborted), RejectionResponse.Of))
            : filter.Problem!.Answer();
    }

    /// <summary>The span of time that both lists take.</summary>
    internal static Result<TraceFilter> Between(TraceFilter filter, string? from, string? to)
    {
        if (!TryRead(from, out var first)) return Problem.Invalid("from", "Give an ISO 8601 time such as 2026-11-22T21:10:00Z.");
        if (!TryRead(to, out var last)) return Problem.Invalid("to", "Give an ISO 8601 time such as 2026-11-22T21:10:00Z.");
        return filter with { From = first, To = last };
    }

    internal static bool TryRead(string? text, out DateTimeOffset? time)
    {
        time = null;
        if (text is null) return true;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var read)) return false;
        time = read;
        return true;
    }
}

/// <summary>What is looked for.</summary>
sealed class TraceQuery
{
    [FromQuery(Name = "messageId")] public string? MessageId { get; init; }
    [FromQuery(Name = "sender")] public string? Sender { get; init; }
    [FromQuery(Name = "recipient")] public string? Recipient { get; init; }
    [FromQuery(Name = "client")] public string? Client { get; init; }
    [FromQuery(Name = "reply")] public string? Reply { get; init; }
    [FromQuery(Name = "what")] public string? What { get; init; }
    [FromQuery(Name = "from")] public string? From { get; init; }
    [FromQuery(Name = "to")] public string? To { get; init; }
    [FromQuery(Name = "siteId")] public string? SiteId { get; init; }
    [FromQuery(Name = "limit")] public string? Limit { get; init; }
    [FromQuery(Name = "cursor")] public string? Cursor { get; init; }

    public Result<TraceFilter> Filter()
    {
        int? site = null;
        if (SiteId is not null)
        {
            if (!int.TryParse(SiteId, NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return Problem.Invalid("siteId", "Give the id of a site.");
            site = id;
        }
        IPAddress? client = null;
        if (Client is not null && !IPAddress.TryParse(Client, out client)) return Problem.Invalid("client", "Give an IP address.");
        TraceKind? what = null;
        if (What is not null)
        {
            if (!Enum.TryParse<TraceKind>(What, ignoreCase: true, out var kind) || int.TryParse(What, CultureInfo.InvariantCulture, out _))
                return Problem.Invalid("what", $"'{What}' is none of refused, delivered, deferred and failed.");
            what = kind;
        }
        var filter = new TraceFilter(site, Sender: Sender, Recipient: Recipient, Client: client?.ToString(), Reply: Reply, What: what);
        if (MessageId is not null)
        {
            // Ours has no @; theirs may come without its brackets.
            filter = Mta.Queue.MessageId.TryParse(MessageId, out var ours) ? filter with { Id = ours }
                : filter with { HeaderMessageId = MessageId is ['<', ..] ? MessageId : $"<{MessageId}>" };
        }
        return TraceEndpoints.Between(filter, From, To);
    }
}

/// <summary>Which refusals a list shows.</summary>
sealed class RejectionQuery
{
    [FromQuery(Name = "client")] public string? Client { get; init; }
    [FromQuery(Name = "sender")] public string? Sender { get; init; }
    [FromQuery(Name = "recipient")] public string? Recipient { get; init; }
    [FromQuery(Name = "from")] public string? From { get; init; }
    [FromQuery(Name = "to")] public string? To { get; init; }
    [FromQuery(Name = "limit")] public string? Limit { get; init; }
    [FromQuery(Name = "cursor")] public string? Cursor { get; init; }

    public Result<TraceFilter> Filter(int siteId)
    {
        string? client = null;
        if (Client is not null)
        {
            if (!IPAddress.TryParse(Client, out var address)) return Problem.Invalid("client", "Give an IP address.");
            client = address.ToString();
        }
        return TraceEndpoints.Between(new(siteId, Sender: Sender, Recipient: Recipient, Client: client), From, To);
    }
}
