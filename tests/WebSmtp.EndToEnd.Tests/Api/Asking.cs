using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Requests with headers of their own, for what <see cref="AdminApi"/> always does right.</summary>
static class Asking
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <param name="path">From the root of the server.</param>
    /// <param name="type">Content type of the body; empty: none.</param>
    public static async Task<(ApiAnswer Answer, HttpResponseMessage Response)> AskAsync(
        this HttpClient http, string method, string path, string? body = null, string type = "application/json",
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (type.Length > 0) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }
        var response = await http.SendAsync(request, Stop);
        var answer = new ApiAnswer(
            $"{method} {path}", response.StatusCode, response.Content.Headers.ContentType, response.Headers.ETag, await response.Content.ReadAsByteArrayAsync(Stop));
        return (answer, response);
    }

    /// <summary>The answer alone, of a path below <c>/api/v1</c>.</summary>
    public static async Task<ApiAnswer> AskAsync(this AdminApi api, string method, string path, string? body = null, string type = "application/json",
        params (string Name, string Value)[] headers) => (await api.Http.AskAsync(method, "api/v1" + path, body, type, headers)).Answer;

    /// <summary>A client without any key.</summary>
    public static HttpClient Stranger(this WebSmtpProcess server) => WebSmtpProcess.NewHttpClient(server.WebUrl);

    /// <summary>REST with a key of this role (<c>viewer</c>, <c>operator</c>), which is written into the database: there is no other way yet.</summary>
    public static AdminApi WithRole(this WebSmtpProcess server, string role)
    {
        var key = $"test-key-{Guid.CreateVersion7():N}";
        using var database = new SqliteConnection($"Data Source={Path.Combine(server.DataDirectory, "websmtp.db")};Default Timeout=30;Pooling=False");
        database.Open();
        using var insert = database.CreateCommand();
        insert.CommandText = """INSERT INTO "ApiKeys" ("Name", "Role", "KeyHash", "CreatedAt") SELECT $name, $role, $hash, "CreatedAt" FROM "ApiKeys" LIMIT 1""";
        insert.Parameters.AddWithValue("$name", key);
        insert.Parameters.AddWithValue("$role", role);
        insert.Parameters.AddWithValue("$hash", SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        Assert.Equal(1, insert.ExecuteNonQuery());
        var http = server.Stranger();
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return new(http);
    }
}
