using Microsoft.AspNetCore.Mvc;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

static class MessageEndpoints
{
    const string Tag = "Messages";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/sites/{id:int}/messages", ListAsync)
            .Describe(Role.Viewer, Tag, "List a site's messages",
                "Living messages, oldest first; with history=true those that have left as well. domain, state and "
                    + "recipient match when any recipient does; sender, recipient and subject match a part of the "
                    + "text, without case. sort=newest has the newest first, nextTry what is queued by when it is due, "
                    + "largest those of 64 KiB and more by their size. A search for text ends after a while: a page may then "
                    + "be short, even empty, and yet have a nextCursor.",
                404)
            .Produces<Listed<MessageResponse>>().ListExample(MessageResponse.Example);
        api.MapGet("/messages", SearchAsync)
            .Describe(Role.Viewer, Tag, "Search the messages of all sites",
                "q is what the queue's page takes, such as 'state:retry domain:example.com older:2h size>1M'; without it all that waits. Otherwise as the list of one site.")
            .Produces<Listed<MessageResponse>>().ListExample(MessageResponse.Example);
        api.MapGet("/messages/{id}", GetAsync)
            .Describe(Role.Viewer, Tag, "Show a message", "The envelope, and what has become of each recipient.", 404)
            .Produces<MessageResponse>().Example(response: MessageResponse.Example);
        api.MapGet("/messages/{id}/content", ContentAsync)
            .Describe(Role.Operator, Tag, "Read a message's content",
                "Byte for byte what was accepted, below the Received field that the site added. 404 when the message has left the queue.", 404)
            .Produces<string>(200, "message/rfc822").Example(response: MessageResponse.ContentExample);
        api.MapGet("/messages/{id}/trace", TraceAsync)
            .Describe(Role.Viewer, Tag, "Trace a message",
                "Everything that happened to it, in order; kept after it has left the queue.", 404)
            .Produces<TraceResponse>().Example(response: TraceResponse.Example);
        api.MapDelete("/messages/{id}", DeleteAsync)
            .Describe(Role.Operator, Tag, "Delete a message",
                "It is neither delivered nor returned. With recipient: for this one only. Refused with 409 while it is being delivered or collected.", 404, 409, 412)
            .Produces(204);
    }

    static async Task<IResult> ListAsync(
        HttpContext context, SiteRegistry sites, QueueOperations queue, TimeProvider time, int id, [AsParameters] MessageQuery query)
    {
        var page = PageRequest.Read($"messages {id}", query.Limit, query.Cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        if (sites.Find(id) is null) return SiteEndpoints.NotFound(id).Answer();
        var filter = query.Filter(id, time);
        if (filter.Value is not { } matching) return filter.Problem!.Answer();
        return await ShowAsync(context, queue, [matching], query.Sort, wanted);
    }

    static async Task<IResult> SearchAsync(
        HttpContext context, SiteRegistry sites, QueueOperations queue, TimeProvider time, string? q, string? sort, string? limit, string? cursor)
    {
        var page = PageRequest.Read("messages", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        var query = QueueQuery.Read(q);
        if (query.Value is not { } asked) return query.Problem!.Answer();
        var filters = asked.Filters(sites, time.GetUtcNow());
        return filters.Value is { } matching ? await ShowAsync(context, queue, matching, sort, wanted) : filters.Problem!.Answer();
    }

    static async Task<IResult> ShowAsync(HttpContext context, QueueOperations queue, IReadOnlyList<MessageFilter> filters, string? sort, PageRequest wanted)
    {
        var order = MessageSort.Oldest;
        if (sort is not null && (!Enum.TryParse(sort, ignoreCase: true, out order) || char.IsDigit(sort[0])))
            return Problem.Invalid("sort", "Give one of oldest, newest, nextTry, largest.").Answer();
        var found = await queue.ListAsync(filters, order, wanted.After, wanted.Limit, context.RequestAborted);
        return context.Show(wanted.Of(new Page<Message>(found.Items, found.Next, found.Total, found.TotalIsEstimate), MessageResponse.Of));
    }

    static async Task<IResult> GetAsync(HttpContext context, QueueOperations queue, string id)
    {
        if (await FindAsync(context, queue, id) is not { } message) return NotFound(id).Answer();
        var shown = MessageResponse.Of(message);
        return context.Show(shown, EntityTags.OfContent(shown));
    }

    static async Task<IResult> ContentAsync(HttpContext context, QueueOperations queue, string id)
    {
        if (!MessageId.TryParse(id, out var parsed)) return NotFound(id).Answer();
        var opened = await queue.OpenContentAsync(parsed, context.Actor(), context.RequestAborted);
        if (opened.Value is not { } content) return (opened.Problem ?? Problem.NotFound($"The content of message '{id}' is gone.")).Answer();
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.Stream(content, "message/rfc822", $"{parsed}.eml");
    }

    static async Task<IResult> TraceAsync(HttpContext context, QueueOperations queue, string id)
    {
        if (!MessageId.TryParse(id, out var parsed)) return NotFound(id).Answer();
        var events = await queue.TraceAsync(parsed, context.RequestAborted);
        return events.Count > 0 ? context.Show(TraceResponse.Of(events)) : NotFound(id).Answer();
    }

    static async Task<IResult> DeleteAsync(HttpContext context, QueueOperations queue, string id, string? recipient)
    {
        if (await FindAsync(context, queue, id) is not { } message) return NotFound(id).Answer();
        var refused = EntityTags.Refuse(context.Request, EntityTags.OfContent(MessageResponse.Of(message)))
            ?? await queue.DeleteAsync(new(message.Id), context.Actor(), context.RequestAborted, recipient);
        return refused?.Answer() ?? TypedResults.NoContent();
    }

    static async Task<Message?> FindAsync(HttpContext context, QueueOperations queue, string id) =>
        MessageId.TryParse(id, out var parsed) ? await queue.FindAsync(parsed, context.RequestAborted) : null;

    static Problem NotFound(string id) => Problem.NotFound($"There is no message '{id}'.");
}

/// <summary>Which messages a list shows.</summary>
sealed class MessageQuery
{
    [FromQuery(Name = "domain")] public string? Domain { get; init; }
    [FromQuery(Name = "state")] public string? State { get; init; }
    [FromQuery(Name = "sender")] public string? Sender { get; init; }
    [FromQuery(Name = "recipient")] public string? Recipient { get; init; }
    [FromQuery(Name = "subject")] public string? Subject { get; init; }
    [FromQuery(Name = "olderThan")] public string? OlderThan { get; init; }
    [FromQuery(Name = "newerThan")] public string? NewerThan { get; init; }
    [FromQuery(Name = "largerThan")] public string? LargerThan { get; init; }
    [FromQuery(Name = "smallerThan")] public string? SmallerThan { get; init; }
    [FromQuery(Name = "client")] public string? Client { get; init; }
    [FromQuery(Name = "reply")] public string? Reply { get; init; }
    [FromQuery(Name = "history")] public string? History { get; init; }
    [FromQuery(Name = "sort")] public string? Sort { get; init; }
    [FromQuery(Name = "limit")] public string? Limit { get; init; }
    [FromQuery(Name = "cursor")] public string? Cursor { get; init; }

    public Result<MessageFilter> Filter(int siteId, TimeProvider time)
    {
        EntryState? state = null;
        if (State is not null)
        {
            if (!Enum.TryParse<EntryState>(State, ignoreCase: true, out var read) || char.IsDigit(State[0]))
                return Problem.Invalid("state", $"Give one of {string.Join(", ", Enum.GetNames<EntryState>().Select(name => name.ToLowerInvariant()))}.");
            state = read;
        }
        if (!TryReadAge(OlderThan, out var olderThan)) return Problem.Invalid("olderThan", "Give an ISO 8601 duration such as PT15M.");
        if (!TryReadAge(NewerThan, out var newerThan)) return Problem.Invalid("newerThan", "Give an ISO 8601 duration such as PT15M.");
        if (!TryReadSize(LargerThan, out var largerThan)) return Problem.Invalid("largerThan", "Give a number of bytes.");
        if (!TryReadSize(SmallerThan, out var smallerThan)) return Problem.Invalid("smallerThan", "Give a number of bytes.");
        System.Net.IPAddress? client = null;
        if (Client is not null && !System.Net.IPAddress.TryParse(Client, out client)) return Problem.Invalid("client", "Give an IP address.");
        if (History is not (null or "true" or "false")) return Problem.Invalid("history", "Give true or false.");
        return new MessageFilter(
            siteId, Domain is null ? null : QueueOperations.Destination(Domain), state is { } one ? MessageResponse.Stored(one) : null, Sender, Recipient, Subject,
            olderThan is { } age ? Before(time.GetUtcNow(), age) : null, History is "true",
            state switch { EntryState.Retry => true, EntryState.Queued => false, _ => null })
        {
            ReceivedAfter = newerThan is { } since ? Before(time.GetUtcNow(), since) : null,
            LargerThan = largerThan, SmallerThan = smallerThan, Client = client?.ToString(), Reply = Reply,
        };
    }

    static bool TryReadAge(string? text, out TimeSpan? age)
    {
        age = null;
        if (text is null) return true;
        if (!Durations.TryParse(text, out var read)) return false;
        age = read;
        return true;
    }

    static bool TryReadSize(string? text, out long? size)
    {
        size = null;
        if (text is null) return true;
        if (!long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var read)) return false;
        size = read;
        return true;
    }

    static DateTimeOffset Before(DateTimeOffset now, TimeSpan age) =>
        now - DateTimeOffset.UnixEpoch > age ? now - age : DateTimeOffset.UnixEpoch;
}
