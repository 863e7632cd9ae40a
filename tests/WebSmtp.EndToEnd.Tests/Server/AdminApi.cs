using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>
/// The REST interface as a test uses it. Methods named after a verb fail the test when the answer is not a success;
/// <see cref="SendAsync"/> hands over any answer.
/// </summary>
public sealed class AdminApi(HttpClient http)
{
    const string Root = "api/v1";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Without key and base path, for pages and health.</summary>
    public HttpClient Http => http;

    public async Task<JsonNode> GetAsync(string path) => (await SendAsync(HttpMethod.Get, path)).Success();
    public async Task<JsonNode> PostAsync(string path, [StringSyntax("json")] string? body = null) => (await SendAsync(HttpMethod.Post, path, body)).Success();
    public async Task<JsonNode> PutAsync(string path, [StringSyntax("json")] string body) => (await SendAsync(HttpMethod.Put, path, body)).Success();
    public async Task<JsonNode> PatchAsync(string path, [StringSyntax("json")] string body) => (await SendAsync(HttpMethod.Patch, path, body)).Success();
    public async Task<JsonNode> DeleteAsync(string path) => (await SendAsync(HttpMethod.Delete, path)).Success();

    /// <summary>Sends a request to a path below <c>/api/v1</c>.</summary>
    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, [StringSyntax("json")] string? body = null)
    {
        using var request = new HttpRequestMessage(method, Root + path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8,
                method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        }
        using var answer = await http.SendAsync(request, Stop);
        return new($"{method} {path}", answer.StatusCode, answer.Content.Headers.ContentType, answer.Headers.ETag, await answer.Content.ReadAsByteArrayAsync(Stop));
    }

    /// <summary>Every item of a list, page by page.</summary>
    public async Task<IReadOnlyList<JsonNode>> ListAsync(string path)
    {
        var items = new List<JsonNode>();
        for (string? cursor = null; ;)
        {
            var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            var page = await GetAsync($"{path}{separator}limit=500{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}");
            items.AddRange(page["items"]!.AsArray().OfType<JsonNode>());
            cursor = page["nextCursor"]?.GetValue<string>();
            if (cursor is null) return items;
        }
    }

    /// <summary>A message as it was accepted, below and with the Received field of the site.</summary>
    public async Task<byte[]> ContentAsync(string messageId)
    {
        var answer = await SendAsync(HttpMethod.Get, $"/messages/{messageId}/content");
        Assert.Equal((HttpStatusCode.OK, "message/rfc822"), (answer.Status, answer.ContentType?.MediaType));
        return answer.Body;
    }
}

/// <summary>An answer of the REST interface.</summary>
public sealed record ApiAnswer(string Request, HttpStatusCode Status, MediaTypeHeaderValue? ContentType, EntityTagHeaderValue? ETag, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>Null when there is no body.</summary>
    public JsonNode? Json => Body.Length == 0 ? null : JsonNode.Parse(Body);

    /// <summary>The body of a success; an empty object when it has none.</summary>
    public JsonNode Success()
    {
        if ((int)Status is < 200 or > 299) Assert.Fail($"{Request} was answered with {((int)Status).ToString(CultureInfo.InvariantCulture)}: {Text}");
        return Json ?? new JsonObject();
    }

    /// <summary>Holds the answer to be problem details with this status, speaking of this field; returns the detail and the field's messages.</summary>
    public string Problem(HttpStatusCode status, string? field = null)
    {
        Assert.True(Status == status, $"{Request} was answered with {Status} instead of {status}: {Text}");
        Assert.Equal("application/problem+json", ContentType?.MediaType);
        var problem = Json!;
        Assert.Equal((int)status, problem["status"]!.GetValue<int>());
        Assert.DoesNotContain("   at ", Text, StringComparison.Ordinal);
        if (field is null) return problem["detail"]?.GetValue<string>() ?? "";
        // endpoints[0].port speaks of endpoints.
        var named = problem["errors"]?.AsObject().FirstOrDefault(error => error.Key == field || error.Key.StartsWith(field + "[", StringComparison.Ordinal) || error.Key.StartsWith(field + ".", StringComparison.Ordinal));
        Assert.True(named?.Value is not null, $"{Request}: the problem does not name the field '{field}': {Text}");
        return named.Value.Value!.ToJsonString();
    }
}
