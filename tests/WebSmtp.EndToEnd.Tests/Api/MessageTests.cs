using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Queue, messages and sessions over REST.</summary>
public sealed class MessageTests(SharedServer server)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_message_is_shown_with_its_content_and_its_story_until_and_after_it_is_deleted()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("kept.example");
        var sent = "Subject: =?utf-8?Q?gr=C3=BCn?=\r\nMessage-ID: <7@away.example>\r\n\r\n.dot\r\n"u8.ToArray();
        await site.SendAsync("user@kept.example", sent);
        var row = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"));
        var path = $"/messages/{row["id"]}";

        var answer = await site.Api.AskAsync("GET", path);
        var message = answer.Success();
        Assert.NotNull(answer.ETag);
        Assert.True(JsonNode.DeepEquals(row, message));
        Assert.Matches("^[0-9A-Z]{13}$", message["id"]!.GetValue<string>());
        Assert.Equal(("grün", "<7@away.example>", "sender@away.example", "ESMTP"), (
            message["subject"]!.GetValue<string>(), message["messageId"]!.GetValue<string>(), message["mailFrom"]!.GetValue<string>(), message["protocol"]!.GetValue<string>()));
        Assert.Equal(("127.0.0.1", "client.example"), (message["from"]!["address"]!.GetValue<string>(), message["from"]!["helo"]!.GetValue<string>()));
        Assert.Equal(("user@kept.example", "held", 0), (
            message["recipients"]![0]!["address"]!.GetValue<string>(), message["recipients"]![0]!["state"]!.GetValue<string>(), message["recipients"]![0]!["attempts"]!.GetValue<int>()));

        var content = await site.Api.ContentAsync(row["id"]!.GetValue<string>());
        Assert.Equal(message["size"]!.GetValue<int>(), content.Length);
        Assert.StartsWith("Received: ", Encoding.Latin1.GetString(content), StringComparison.Ordinal);
        Assert.True(content.AsSpan().EndsWith(sent));
        Assert.Equal(["received", "held"], await StoryAsync(site, path));

        (await site.Api.AskAsync("DELETE", path, headers: ("If-Match", "\"old\""))).Problem(HttpStatusCode.PreconditionFailed);
        Assert.Equal(HttpStatusCode.NoContent, (await site.Api.AskAsync("DELETE", path, headers: ("If-Match", answer.ETag!.Tag))).Status);
        (await site.Api.AskAsync("DELETE", path)).Problem(HttpStatusCode.NotFound);
        (await site.Api.AskAsync("GET", path + "/content")).Problem(HttpStatusCode.NotFound);
        Assert.Equal("deleted", (await site.Api.GetAsync(path))["recipients"]![0]!["state"]!.GetValue<string>());
        Assert.Equal(["received", "held", "deleted"], await StoryAsync(site, path));
        Assert.Empty(await site.Api.ListAsync($"{site.Path}/messages"));
        Assert.Single(await site.Api.ListAsync($"{site.Path}/messages?history=true"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Filters_choose_messages()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("one.example");
        await site.HoldAsync("two.example");
        await site.SendAsync("anna@one.example", SampleMail.Plain("first"));
        await site.SendAsync("berta@two.example", SampleMail.Plain("second"));

        foreach (var (query, count) in ((string, int)[])[
            ("", 2), ("domain=one.example", 1), ("domain=ONE.example", 1), ("recipient=BERTA", 1), ("sender=away.example", 2), ("sender=nobody", 0), ("state=held", 2),
            ("state=queued", 0), ("state=failed&history=true", 0), ("olderThan=PT0S", 2), ("olderThan=PT1H", 0), ("domain=two.example&recipient=anna", 0)])
            Assert.True(count == (await site.Api.ListAsync($"{site.Path}/messages?{query}")).Count, query);
        foreach (var (query, field) in ((string, string)[])[
            ("state=lost", "state"), ("state=1", "state"), ("olderThan=5", "olderThan"), ("olderThan=-PT1H", "olderThan"), ("history=yes", "history")])
            (await site.Api.AskAsync("GET", $"{site.Path}/messages?{query}")).Problem(HttpStatusCode.BadRequest, field);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_destination_is_one_row()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("row.example");
        await site.SendAsync("user@row.example", SampleMail.Plain("one"), SampleMail.Plain("two"));

        var row = Assert.Single(await site.Api.ListAsync($"{site.Path}/queues"));

        Assert.Equal(("row.example", "hold", 2, "held"), (
            row["domain"]!.GetValue<string>(), row["route"]!.GetValue<string>(), row["messages"]!.GetValue<int>(), row["state"]!.GetValue<string>()));
        Assert.Null(row["nextAttempt"]);

        foreach (var one in await site.Api.ListAsync($"{site.Path}/messages")) await site.Api.PostAsync($"/messages/{one["id"]}/freeze");
        row = Assert.Single(await site.Api.ListAsync($"{site.Path}/queues"));
        Assert.Equal("frozen", row["state"]!.GetValue<string>());
        Assert.Null(row["nextAttempt"]);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_session_is_listed_and_can_be_closed_with_421()
    {
        await using var site = await server.NewSiteAsync();
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync("somebody.example");

        var session = Assert.Single(await site.Api.ListAsync($"{site.Path}/sessions"));
        Assert.Equal(("inbound", "somebody.example", $"127.0.0.1:{site.Port}", "EHLO"), (
            session["direction"]!.GetValue<string>(), session["helo"]!.GetValue<string>(), session["localEndpoint"]!.GetValue<string>(), session["stage"]!.GetValue<string>()));
        Assert.Equal(HttpStatusCode.NoContent, (await site.Api.AskAsync("DELETE", $"/sessions/{session["id"]}")).Status);

        await talk.ExpectAsync("421 4.3.2 *");
        await talk.ExpectClosedAsync();
        await Eventually.EqualAsync(0L, async () => (await site.Api.GetAsync($"{site.Path}/sessions"))["total"]!.GetValue<long>());
    }

    static async Task<IEnumerable<string>> StoryAsync(TestSite site, string path) =>
        (await site.Api.GetAsync(path + "/trace"))["items"]!.AsArray().Select(one => one!["event"]!.GetValue<string>());
}
