using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary>Speaks to a server over its REST API. Refusals and lost connections are <see cref="CommandException"/>s.</summary>
sealed class RestClient : IDisposable
{
    static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    readonly HttpClient _http;

    RestClient(Uri server, string? key)
    {
        _http = new() { BaseAddress = new(server, "/api/v1/"), Timeout = Timeout };
        if (key is not null) _http.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    /// <summary>
    /// The server that the options, or else the environment, name; otherwise the one that runs on the data directory,
    /// which left its address and a key there.
    /// </summary>
    public static RestClient Find(string? url, string? key)
    {
        url ??= Environment.GetEnvironmentVariable("WEBSMTP_URL");
        key ??= Environment.GetEnvironmentVariable("WEBSMTP_API_KEY");
        if (string.IsNullOrEmpty(url))
        {
            var local = ReadLocal();
            url = local["url"]?.GetValue<string>();
            key = string.IsNullOrEmpty(key) ? local["key"]?.GetValue<string>() : key;
        }
        if (!Uri.TryCreate(url, UriKind.Absolute, out var server) || server.Scheme is not ("http" or "https"))
            throw new CommandException(ExitCode.WrongUsage, $"'{url}' is not an address such as http://127.0.0.1:8025.");
        return new(server, key);
    }

    /// <summary>The answer's JSON; null when it has none.</summary>
    public Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken stop) =>
        SendAsync(method, path, body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json")), stop);

    /// <summary>The answer's JSON; null when it has none.</summary>
    public async Task<JsonNode?> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        try
        {
            using var response = await _http.SendAsync(request, stop);
            var text = await response.Content.ReadAsStringAsync(stop);
            var json = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) is true && text.Length > 0
                ? JsonNode.Parse(text)
                : null;
            return response.IsSuccessStatusCode ? json : throw new CommandException(ExitCode.Failed, Refusal(response.StatusCode, json));
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            throw new CommandException(ExitCode.NotReached, $"No WebSmtp server was reached at {_http.BaseAddress!.GetLeftPart(UriPartial.Authority)}: {e.Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    static JsonNode ReadLocal()
    {
        var data = Path.GetFullPath(Environment.GetEnvironmentVariable("WEBSMTP_DATA") is { Length: > 0 } given ? given : "data");
        var file = Path.Combine(data, "run", "admin.json");
        try
        {
            return JsonNode.Parse(File.ReadAllText(file)) ?? new JsonObject();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CommandException(ExitCode.NotReached, e is UnauthorizedAccessException
                ? $"{file} cannot be read: run this as the user that runs the server, or give --server and --key."
                : $"No server runs on the data directory {data}: start one, or give --server and --key.");
        }
    }

    static string Refusal(HttpStatusCode status, JsonNode? problem)
    {
        var detail = problem?["detail"]?.GetValue<string>() ?? $"The server answered {(int)status}.";
        var errors = problem?["errors"]?.AsObject()
            .SelectMany(field => field.Value!.AsArray().Select(message => $"  {field.Key}: {message}")).ToList() ?? [];
        // The detail of a refused field is its message: do not say it twice.
        return errors.Count == 0 ? detail : string.Join(Environment.NewLine, errors.Select(error => error.Trim()));
    }
}
