using System.Net;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>limit, cursor, items, nextCursor, total.</summary>
public sealed class ListTests(SharedServer server)
{
    public static TheoryData<string> Lists => ["/sites", "/sites/1/domains", "/sites/1/etrn-names", "/sites/1/queues", "/sites/1/messages", "/sites/1/sessions", "/accounts"];

    [Theory(Timeout = Limits.Ordinary)]
    [MemberData(nameof(Lists))]
    public async Task Every_list_has_the_same_form_and_bounds(string path)
    {
        var api = (await server.ProcessAsync()).Api;

        var page = await api.GetAsync($"{path}?limit=500");
        Assert.IsType<JsonArray>(page["items"]);
        Assert.True(page.AsObject().ContainsKey("nextCursor"));
        Assert.True(page["total"]!.GetValue<long>() >= page["items"]!.AsArray().Count);
        foreach (var limit in (string[])["0", "501", "-1", "many", "1.5", ""])
            (await api.AskAsync("GET", $"{path}?limit={limit}")).Problem(HttpStatusCode.BadRequest, "limit");
        (await api.AskAsync("GET", $"{path}?limmit=5")).Problem(HttpStatusCode.BadRequest, "limmit");
        foreach (var cursor in (string[])["x", "!!!!", "bm9uc2Vuc2U", "1"])
            (await api.AskAsync("GET", $"{path}?cursor={cursor}")).Problem(HttpStatusCode.BadRequest, "cursor");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Pages_follow_one_another_without_gap_or_repetition()
    {
        await using var site = await server.NewSiteAsync();
        string[] names = ["a.example", "b.example", "c.example", "d.example", "*.b.example"];
        foreach (var name in names) await site.HoldAsync(name);
        foreach (var name in names.Take(4)) await site.SendAsync($"user@{name}", SampleMail.Plain(name));

        Assert.Equal([.. names.Append("hub.example").Order(StringComparer.Ordinal)], await PagesAsync(site, "domains", "name", 6));
        Assert.Equal([.. names.Take(4)], await PagesAsync(site, "queues", "domain", 4));
        Assert.Equal(4, (await PagesAsync(site, "messages", "id", 4)).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_cursor_of_another_list_is_refused()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("one.example");
        var cursor = (await site.Api.GetAsync($"{site.Path}/domains?limit=1"))["nextCursor"]!.GetValue<string>();

        (await site.Api.AskAsync("GET", $"/sites/1/domains?cursor={cursor}")).Problem(HttpStatusCode.BadRequest, "cursor");
        (await site.Api.AskAsync("GET", $"/sites?cursor={cursor}")).Problem(HttpStatusCode.BadRequest, "cursor");
    }

    static async Task<IReadOnlyList<string>> PagesAsync(TestSite site, string list, string member, int total)
    {
        var found = new List<string>();
        for (string? cursor = null; ;)
        {
            var page = await site.Api.GetAsync($"{site.Path}/{list}?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            Assert.Equal(total, page["total"]!.GetValue<int>());
            Assert.InRange(page["items"]!.AsArray().Count, 1, 2);
            found.AddRange(page["items"]!.AsArray().Select(item => item![member]!.GetValue<string>()));
            cursor = page["nextCursor"]?.GetValue<string>();
            if (cursor is null) return found;
        }
    }
}
