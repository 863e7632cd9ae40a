using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;
using WebSmtp.Admin.LogIn;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Events;

namespace WebSmtp.Api;

/// <summary>Something that happened.</summary>
/// <param name="At">When.</param>
/// <param name="Site">The site; left out where it is of no site.</param>
/// <param name="Id">Of the message, session, collection or operation; for route the route; for change the path of what was changed.</param>
/// <param name="What">What happened, in a word.</param>
/// <param name="Domain">The domain that it is about.</param>
/// <param name="Reason">Why, for a route.</param>
/// <param name="Done">How much of an operation is done.</param>
/// <param name="Total">How much there is to do.</param>
sealed record EventResponse(
    DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Site,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    string What,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Domain = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Done = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Total = null)
{
    public const string Change = "change";
    public static readonly IReadOnlyList<string> Types = ["message", "session", "site", "queue", "route", "collection", "operation", Change];

    /// <summary>The name of its type, and the event as it is sent; null: it is nobody's outside of the program.</summary>
    public static (string Type, EventResponse Body)? Of(MtaEvent what) => what switch
    {
        MessageEvent one => ("message", new(one.At, one.SiteId, one.MessageId, one.What, one.Domain)),
        SessionEvent one => ("session", new(one.At, one.SiteId, one.SessionId, one.What)),
        SiteEvent one => ("site", new(one.At, one.SiteId, null, one.What)),
        QueueEvent one => ("queue", new(one.At, one.SiteId, null, one.What, one.Domain)),
        RouteEvent one => ("route", new(one.At, one.SiteId, one.Route, JsonNamingPolicy.CamelCase.ConvertName(one.State.ToString()), null, one.Reason)),
        CollectionEvent one => ("collection", new(one.At, one.SiteId, one.CollectionId.ToString(CultureInfo.InvariantCulture), one.What, one.Domain)),
        OperationEvent one => ("operation", new(
            one.At, one.SiteId, one.OperationId, one.State.ToString().ToLowerInvariant(), null, null, one.Done, one.Total)),
        ChangeEvent one => (Change, new(one.At, null, one.Subject, one.Action)),
        _ => null,
    };
}

/// <summary>
/// What happens, as it happens: server-sent events. Who reads slowly loses events, never slows mail. A stream ends with the
/// key or the log-in that it was opened with.
/// </summary>
static class EventEndpoints
{
    /// <summary>At the same time; each costs a connection.</summary>
    const int MostStreams = 100;
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    const string ContentType = "text/event-stream";

    /// <summary>As JSON, which examples are written in.</summary>
    const string Example =
        """
        "event: message\ndata: {\"at\":\"2026-11-27T06:30:00Z\",\"site\":2,\"id\":\"02P3K9ZC1G004\",\"what\":\"delivered\",\"domain\":\"test.com\"}\n\n"
        """;

    static int _streams;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/events", FollowAsync)
            .Describe(Role.Viewer, "Events", "Follow what happens",
                $"Server-sent events until the caller goes, or its key or log-in ends. The name of each is one of {string.Join(", ", EventResponse.Types)}; "
                    + "its data is JSON with at, site, id, what, and domain, reason, done or total where they apply. change tells what administrators do, to administrators "
                    + "only. A comment comes every 15 seconds. Events that a slow reader does not take are lost: read lists for what is, events for what is new.", 503)
            .Produces<string>(200, ContentType).Example(response: Example);

    static async Task<IResult> FollowAsync(
        HttpContext context, EventStream events, AccessOperations access, LocalKey local, TimeProvider time, IHostApplicationLifetime process,
        string? site, string? type)
    {
        int? siteId = null;
        if (site is not null)
        {
            if (!int.TryParse(site, NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return Problem.Invalid("site", "Give the id of a site.").Answer();
            siteId = id;
        }
        var types = (type ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (types.FirstOrDefault(one => !EventResponse.Types.Contains(one, StringComparer.Ordinal)) is { } unknown)
            return Problem.Invalid("type", $"'{unknown}' is not allowed; give {string.Join(", ", EventResponse.Types)}, several separated by commas.").Answer();
        var isAdministrator = context.Actor().Role >= Role.Administrator;
        if (types.Contains(EventResponse.Change, StringComparer.Ordinal) && !isAdministrator)
            return Problem.Forbidden("Events of the type change are for administrators.").Answer();

        if (Interlocked.Increment(ref _streams) > MostStreams)
        {
            Interlocked.Decrement(ref _streams);
            return Problem.Unavailable($"{MostStreams} streams of events are open; close one, or come later.").Answer();
        }
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, process.ApplicationStopping);
        try
        {
            await StreamAsync(context, events, () => IsGoodAsync(context, access, local, end.Token), time, Wanted, end.Token);
        }
        catch (Exception e) when (end.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // The caller has gone, or the program ends.
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
        return Results.Empty;

        bool Wanted(MtaEvent what, string name) =>
            (siteId is null || what.SiteId == siteId)
            && (types.Length is 0 || types.Contains(name, StringComparer.Ordinal))
            && (what is not ChangeEvent || isAdministrator);
    }

    static async Task StreamAsync(
        HttpContext context, EventStream events, Func<Task<bool>> isGood, TimeProvider time, Func<MtaEvent, string, bool> wanted, CancellationToken stop)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await using var reader = events.ReadAsync(reading.Token).GetAsyncEnumerator(reading.Token);
        // From here on nothing is missed: the reader is listed before the caller is told that it is connected.
        var next = reader.MoveNextAsync().AsTask();
        context.Response.ContentType = ContentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await WriteAsync(context, ": connected\n\n", stop);
        try
        {
            while (true)
            {
                var beat = Task.Delay(Heartbeat, time, stop);
                var passed = 0;
                while (await Task.WhenAny(next, beat) == next)
                {
                    if (!await next) return;
                    var what = reader.Current;
                    next = reader.MoveNextAsync().AsTask();
                    if (EventResponse.Of(what) is { } one && wanted(what, one.Type))
                        await WriteAsync(context, $"event: {one.Type}\ndata: {JsonSerializer.Serialize(one.Body, ApiJson.Options)}\n\n", stop);
                    // A key that was revoked and a user who was changed end what they had opened, at once.
                    if (what is ChangeEvent { Subject: var subject } && (subject.StartsWith("users/", StringComparison.Ordinal) || subject.StartsWith("keys/", StringComparison.Ordinal))
                        && !await isGood()) return;
                    // However much happens, the log-in is looked at now and then.
                    if (++passed >= 1000 && beat.IsCompleted) break;
                }
                await beat;
                if (!await isGood()) return;
                await WriteAsync(context, ": still here\n\n", stop);
            }
        }
        finally
        {
            // An enumerator cannot be given back while it waits.
            await reading.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static async Task WriteAsync(HttpContext context, string text, CancellationToken stop)
    {
        await context.Response.WriteAsync(text, stop);
        await context.Response.Body.FlushAsync(stop);
    }

    /// <summary>The key is still known and not expired; or the browser's log-in still stands.</summary>
    static async Task<bool> IsGoodAsync(HttpContext context, AccessOperations access, LocalKey local, CancellationToken stop)
    {
        var actor = context.Actor();
        if (actor.Through is Door.Web)
            return await access.FindUserAsync(actor.Name, AdminCookie.StampOf(context.User), stop) is { } user && user.Role == actor.Role;
        return Authentication.BearerOf(context.Request) is { } key
            && (local.Is(key) || await access.FindKeyAsync(key, actor.From, stop) is not null);
    }
}
