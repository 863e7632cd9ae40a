using System.Net;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Server-sent events, with a client that reads them as they come.</summary>
public sealed class EventTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_happens_comes_at_once_and_only_of_the_site_and_types_that_were_asked_for()
    {
        await using var site = await server.NewSiteAsync();
        await using var other = await server.NewSiteAsync();
        await site.HoldAsync("followed.example");
        await other.HoldAsync("other.example");
        using var events = await OpenAsync(site.Api.Http, $"site={site.Id}&type=message,site");

        await other.SendAsync("user@other.example", SampleMail.Plain("not mine"));
        await site.SendAsync("user@followed.example", SampleMail.Plain("mine"));
        var first = await events.NextAsync();
        await site.Api.PostAsync($"{site.Path}/pause");
        var second = await events.NextAsync();
        while (second.Name == "message") second = await events.NextAsync();

        Assert.Equal(("message", true), (first.Name, first.Data.Contains($"\"site\":{site.Id}", StringComparison.Ordinal)));
        Assert.Equal("site", second.Name);
        Assert.Contains("\"what\":\"paused\"", second.Data, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_stream_ends_with_its_key_and_roles_hold()
    {
        var process = await server.ProcessAsync();
        var made = await process.Api.PostAsync("/keys", $$"""{ "name": "{{TestSite.Unique("stream")}}", "role": "viewer" }""");
        using var http = WebSmtpProcess.NewHttpClient(process.WebUrl);
        http.DefaultRequestHeaders.Authorization = new("Bearer", made["key"]!.GetValue<string>());
        using (var refused = await http.GetAsync("api/v1/events?type=change", Stop)) Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using (var wrong = await http.GetAsync("api/v1/events?type=weather", Stop)) Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        using var events = await OpenAsync(http, "type=session");

        await process.Api.DeleteAsync($"/keys/{made["id"]}");

        await events.EndedAsync();
    }

    static async Task<EventReader> OpenAsync(HttpClient http, string query)
    {
        var answer = await http.GetAsync($"api/v1/events?{query}", HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        return new(answer, new(await answer.Content.ReadAsStreamAsync(Stop)));
    }

    sealed class EventReader(HttpResponseMessage answer, StreamReader reader) : IDisposable
    {
        /// <summary>The next event; comments are passed over.</summary>
        public async Task<(string Name, string Data)> NextAsync()
        {
            var name = "";
            while (await reader.ReadLineAsync(Stop) is { } line)
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
                if (line.StartsWith("data: ", StringComparison.Ordinal)) return (name, line[6..]);
            }
            throw new EndOfStreamException("The stream ended before an event came.");
        }

        public async Task EndedAsync()
        {
            while (await reader.ReadLineAsync(Stop) is not null)
            {
                // What comes before the end does not matter.
            }
        }

        public void Dispose()
        {
            reader.Dispose();
            answer.Dispose();
        }
    }
}
