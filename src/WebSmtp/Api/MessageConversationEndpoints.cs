using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Api;

/// <summary>What was said during one attempt to deliver a message.</summary>
/// <param name="Id">Of the attempt.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it goes on.</param>
/// <param name="Host">The host that decided, or the last that was tried.</param>
/// <param name="Address">Its address and port.</param>
/// <param name="Tls">Version and cipher suite; null: in clear.</param>
/// <param name="Outcome">The reply that decided; null while it goes on.</param>
/// <param name="Recipients">Whom it was about.</param>
/// <param name="SessionId">The session that it went over.</param>
/// <param name="Conversation">What was said.</param>
sealed record MessageConversationResponse(
    string Id, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string? Host, string? Address, string? Tls, string? Outcome,
    IReadOnlyList<string> Recipients, string? SessionId, ConversationResponse Conversation)
{
    public const string Example = """
        { "id": "5", "startedAt": "2026-11-23T08:00:00Z", "endedAt": "2026-11-23T08:00:01Z", "host": "mail.test.com", "address": "[192.0.2.7]:25", "tls": null,
          "outcome": "250 2.0.0 OK", "recipients": [ "bob@test.com" ], "sessionId": "out-5", "conversation": 
        """ + ConversationResponse.Example + " }";

    public static MessageConversationResponse Of(MessageConversation one) => new(
        one.Id, one.StartedAt, one.EndedAt, one.Host, one.Address, one.Tls, one.Outcome, one.Recipients, one.SessionId, ConversationResponse.Of(one.Said)!);
}

static class MessageConversationEndpoints
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/messages/{id}/conversations", List)
        .Describe(Role.Viewer, "Messages", "Show what was said about a message",
            "The conversations of the last attempts to deliver it, oldest first. They are in memory: those of the last attempts of all messages are known, since the program started; failed ones longer than others.", 404)
        .Produces<Listed<MessageConversationResponse>>().ListExample(MessageConversationResponse.Example);

    static async Task<IResult> List(HttpContext context, QueueOperations queue, Conversations conversations, string id, string? limit, string? cursor)
    {
        var page = PageRequest.Read($"conversations {id}", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        if (!MessageId.TryParse(id, out var message) || await queue.FindAsync(message, context.RequestAborted) is null)
            return Problem.NotFound($"There is no message '{id}'.").Answer();
        return context.Show(wanted.Of(conversations.OfMessage(message), one => one.Id.PadLeft(20, '0'), MessageConversationResponse.Of));
    }
}
