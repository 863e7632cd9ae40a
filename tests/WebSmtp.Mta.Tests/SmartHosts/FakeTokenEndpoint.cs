using System.Collections.Concurrent;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Tests.SmartHosts;

/// <summary>A token endpoint that says what the test says.</summary>
sealed class FakeTokenEndpoint : ITokenEndpoint
{
    /// <summary>Every form that was posted, in order.</summary>
    public ConcurrentQueue<IReadOnlyDictionary<string, string>> Forms { get; } = new();

    /// <summary>By the number of the request, from 1 on.</summary>
    public Func<int, Task<TokenAnswer>> Answer { get; set; } = number => Task.FromResult(Token($"token-{number}"));

    public static TokenAnswer Token(string value, int seconds = 3600, string? refreshToken = null) => new(200,
        $$"""{"access_token":"{{value}}","token_type":"Bearer","expires_in":{{seconds}}{{(refreshToken is null ? "" : $",\"refresh_token\":\"{refreshToken}\"")}}}""", null);

    public static TokenAnswer Error(string error, string? description = null, int status = 400) => new(status,
        $$"""{"error":"{{error}}"{{(description is null ? "" : $",\"error_description\":\"{description}\"")}}}""", null);

    public Task<TokenAnswer> AskAsync(Uri endpoint, IReadOnlyDictionary<string, string> form, CancellationToken stop)
    {
        Forms.Enqueue(form);
        return Answer(Forms.Count).WaitAsync(stop);
    }
}
