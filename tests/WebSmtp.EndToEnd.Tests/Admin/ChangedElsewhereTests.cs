using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>What somebody else changes while a page is open.</summary>
public sealed class ChangedElsewhereTests(SharedServer server, Browser browser, ITestOutputHelper output)
{
    /// <summary>Notes when the text is first there: looking from outside would only be as exact as the pauses between two looks.</summary>
    const string NoteWhenShown = """
        text => {
          window.shownAt = null;
          new MutationObserver((_, watch) => {
            if (!document.querySelector("main")?.textContent.includes(text)) return;
            window.shownAt = Date.now();
            watch.disconnect();
          }).observe(document, { subtree: true, childList: true, characterData: true });
        }
        """;

    [Fact(Timeout = Limits.Long)]
    public async Task It_shows_on_each_list_without_the_page_being_loaded_anew()
    {
        await using var site = await server.NewSiteAsync();
        var (host, collector, user, key) = (TestSite.Unique("relay"), TestSite.Unique("fetcher"), TestSite.Unique("person"), TestSite.Unique("key"));
        await site.HoldAsync("seen.example");
        var page = await browser.OpenLoggedInAsync(site.Server);

        async Task ShowsAsync(string path, string text, Func<Task> change)
        {
            await page.GoLiveAsync(path);
            await Expect(page.Locator("main")).Not.ToContainTextAsync(text);
            await page.EvaluateAsync("window.same = true");
            await page.EvaluateAsync(NoteWhenShown, text);
            await change();
            var changed = DateTimeOffset.UtcNow;
            await Expect(page.Locator("main")).ToContainTextAsync(text);
            var shown = DateTimeOffset.FromUnixTimeMilliseconds(await page.EvaluateAsync<long>("window.shownAt"));
            output.WriteLine($"{path}: shown {(shown - changed).TotalMilliseconds:0} ms after it was done");
            Assert.True(await page.EvaluateAsync<bool>("window.same === true"));
        }

        await ShowsAsync("/smarthosts", host, () => site.Api.PostAsync("/smarthosts", $$"""{ "name": "{{host}}", "host": "first.relay.example" }"""));
        await ShowsAsync($"/smarthosts/{host}", "second.relay.example", () => site.Api.PatchAsync($"/smarthosts/{host}", """{ "host": "second.relay.example" }"""));
        await ShowsAsync($"/collectors?site={site.Id}", collector, () => site.Api.PostAsync($"{site.Path}/collectors", $$"""{ "name": "{{collector}}", "host": "first.provider.example", "method": "etrn", "domains": ["seen.example"] }"""));
        await ShowsAsync($"/collectors/{site.Id}/{collector}", "second.provider.example", () => site.Api.PatchAsync($"{site.Path}/collectors/{collector}", """{ "host": "second.provider.example" }"""));
        await ShowsAsync($"{site.Path}/domains", "added.example", () => site.HoldAsync("added.example"));
        await ShowsAsync($"{site.Path}/domains", "#several", () => site.Api.PutAsync($"{site.Path}/etrn-names/several", """{ "domains": ["added.example"] }"""));
        await ShowsAsync(site.Path, "another.example", () => site.HoldAsync("another.example"));
        await ShowsAsync($"/messages?site={site.Id}", "somebody@seen.example", () => site.SendAsync("somebody@seen.example", SampleMail.Plain("one")));
        await ShowsAsync("/users", user, () => site.Api.PostAsync("/users", $$"""{ "username": "{{user}}", "password": "a long secret, with spaces", "role": "viewer" }"""));
        await ShowsAsync("/keys", key, () => site.Api.PostAsync("/keys", $$"""{ "name": "{{key}}", "role": "viewer" }"""));
        await ShowsAsync("/audit", "etrn-names/audited", () => site.Api.PutAsync($"{site.Path}/etrn-names/audited", """{ "domains": ["added.example"] }"""));
        await ShowsAsync("/log", "Named anew", () => site.Api.PatchAsync(site.Path, """{ "name": "Named anew" }"""));
        await site.Api.PatchAsync(site.Path, """{ "settings": { "protocolLog": "memory" } }""");
        await Expect(page.GetByLabel("What Named anew records")).ToHaveValueAsync("memory");
        MailAccount? account = null;
        await ShowsAsync("/accounts", "changed elsewhere account", async () =>
        {
            // On the first page, however many there are.
            account = await site.AddAccountAsync("0-elsewhere");
            await site.Api.PatchAsync($"/accounts/{account.Username}", """{ "description": "changed elsewhere account" }""");
        });
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_was_shown_anew_is_there_once_when_one_goes_on()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("once.example");
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/messages?q=site:{site.Id}");
        await site.SendAsync("somebody@once.example", SampleMail.Plain("one"));
        var rows = page.Locator("tr[data-message]");
        await Expect(rows).ToHaveCountAsync(1);

        await page.GetByRole(AriaRole.Link, new() { Name = "Newest", Exact = true }).ClickAsync();
        await page.WaitForURLAsync("**sort=newest**");
        await Expect(rows).ToHaveCountAsync(1);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_was_fetched_before_something_was_sent_does_not_come_back_over_its_answer()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("late.example");
        await site.SendAsync("somebody@late.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        foreach (var message in await site.Api.ListAsync($"{site.Path}/messages")) await site.Api.PostAsync($"/messages/{message["id"]}/freeze");
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/messages?q=site:{site.Id} state:frozen");
        var rows = page.Locator("tr[data-message]");
        await Expect(rows).ToHaveCountAsync(2);
        TaskCompletionSource fetched = new(TaskCreationOptions.RunContinuationsAsynchronously), answered = new(TaskCreationOptions.RunContinuationsAsynchronously),
            again = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.RouteAsync("**/messages?**", async route =>
        {
            var isFetch = route.Request.Headers.ContainsKey("x-followed");
            if (!isFetch || !fetched.TrySetResult())
            {
                await route.ContinueAsync();
                if (isFetch) again.TrySetResult();
                return;
            }
            var old = await route.FetchAsync();
            await answered.Task;
            await route.FulfillAsync(new() { Response = old });
        });

        await site.SendAsync("somebody@late.example", SampleMail.Plain("three"));
        await fetched.Task.WaitAsync(TestContext.Current.CancellationToken);
        await rows.First.GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.Button("Release").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("1 message: released.");
        await Expect(rows).ToHaveCountAsync(1);
        answered.SetResult();

        await again.Task.WaitAsync(TestContext.Current.CancellationToken);
        await Expect(rows).ToHaveCountAsync(1);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Who_has_chosen_something_is_told_and_keeps_it()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("chosen.example");
        await site.SendAsync("somebody@chosen.example", SampleMail.Plain("one"));
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/messages?q=site:{site.Id}");
        var rows = page.Locator("tr[data-message]");
        await rows.First.GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.GetByLabel("Search", new() { Exact = true }).FillAsync("half-typed");

        await site.SendAsync("somebody@chosen.example", SampleMail.Plain("two"));
        await Expect(page.GetByText("This was changed elsewhere meanwhile.")).ToBeVisibleAsync();
        await Expect(rows).ToHaveCountAsync(1);
        await page.Button("Show it as it is now").ClickAsync();

        await Expect(rows).ToHaveCountAsync(2);
        await Expect(page.Locator("[data-selected]")).ToHaveTextAsync("1 chosen:");
        await Expect(rows.First.GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();
        await Expect(page.GetByText("This was changed elsewhere meanwhile.")).ToBeHiddenAsync();
        await Expect(page.GetByLabel("Search", new() { Exact = true })).ToHaveValueAsync("half-typed");
    }

    [Fact(Timeout = Limits.Long)]
    public async Task An_open_form_follows_it()
    {
        await using var site = await server.NewSiteAsync();
        var (host, collector, user) = (TestSite.Unique("relay"), TestSite.Unique("fetcher"), TestSite.Unique("person"));
        await site.HoldAsync("form.example");
        var account = await site.AddAccountAsync("follower");
        await site.Api.PostAsync("/smarthosts", $$"""{ "name": "{{host}}", "host": "first.relay.example" }""");
        await site.Api.PostAsync($"{site.Path}/collectors", $$"""{ "name": "{{collector}}", "host": "first.provider.example", "method": "etrn", "domains": ["form.example"] }""");
        await site.Api.PostAsync("/users", $$"""{ "username": "{{user}}", "password": "a long secret, with spaces", "role": "viewer" }""");
        var page = await browser.OpenLoggedInAsync(site.Server);

        async Task FollowsAsync(string path, string field, string value, Func<Task> change)
        {
            await page.GoLiveAsync(path);
            await page.EvaluateAsync("window.same = true");
            await change();
            await Expect(page.Locator($"main [name='{field}']")).ToHaveValueAsync(value);
            Assert.True(await page.EvaluateAsync<bool>("window.same === true"));
        }

        await FollowsAsync($"{site.Path}/edit", "settings.maxConnections", "51", () => site.Api.PatchAsync(site.Path, """{ "settings": { "maxConnections": 51 } }"""));
        await FollowsAsync($"{site.Path}/domains/form.example/settings/Messages", "overrides.maxMessageSize", "1 MiB",
            () => site.Api.PatchAsync($"{site.Path}/domains/form.example", """{ "overrides": { "maxMessageSize": 1048576 } }"""));
        await FollowsAsync($"{site.Path}/domains/form.example", "route.maxMessages", "99",
            () => site.Api.PatchAsync($"{site.Path}/domains/form.example", """{ "route": { "maxMessages": 99 } }"""));
        await FollowsAsync($"/accounts/{account.Username}", "description", "followed", () => site.Api.PatchAsync($"/accounts/{account.Username}", """{ "description": "followed" }"""));
        await FollowsAsync($"/smarthosts/{host}/edit", "host", "second.relay.example", () => site.Api.PatchAsync($"/smarthosts/{host}", """{ "host": "second.relay.example" }"""));
        await FollowsAsync($"/collectors/{site.Id}/{collector}/edit", "host", "second.provider.example",
            () => site.Api.PatchAsync($"{site.Path}/collectors/{collector}", """{ "host": "second.provider.example" }"""));
        await page.GoLiveAsync($"/users/{user}");
        await site.Api.PatchAsync($"/users/{user}", """{ "role": "operator" }""");
        await Expect(page.GetByRole(AriaRole.Radio, new() { Name = "Operator" })).ToBeCheckedAsync();
        await page.GoLiveAsync($"/accounts/{account.Username}");
        await site.Api.DeleteAsync($"/accounts/{account.Username}");
        await Expect(page.GetByText("No such account")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Who_fills_in_a_form_is_told_keeps_what_was_typed_and_saves_only_that()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"{site.Path}/edit/Messages");
        await page.GetByLabel("Recipients of a message").FillAsync("77");

        await site.Api.PatchAsync(site.Path, """{ "settings": { "maxMessageSize": 1048576 } }""");
        await Expect(page.GetByText("This was changed elsewhere meanwhile.")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Largest message")).ToHaveValueAsync("32 MiB");
        await page.Button("Show it as it is now").ClickAsync();
        await Expect(page.GetByLabel("Largest message")).ToHaveValueAsync("1 MiB");
        await Expect(page.GetByLabel("Recipients of a message")).ToHaveValueAsync("77");

        // Another sheet's change is none of this one's: it is saved at once.
        var version = page.Locator("main input[name=version]");
        var shown = await version.InputValueAsync();
        await site.Api.PatchAsync(site.Path, """{ "settings": { "maxConnections": 51 } }""");
        await Expect(version).Not.ToHaveValueAsync(shown);
        await page.Button("Save").Last.ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("is changed.");
        var settings = (await site.Api.GetAsync(site.Path))["settings"]!;
        Assert.Equal((77, 1048576, 51), (settings["maxRecipientsPerMessage"]!.GetValue<int>(), settings["maxMessageSize"]!.GetValue<int>(), settings["maxConnections"]!.GetValue<int>()));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_save_that_was_overtaken_can_be_repeated()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync("overtaken");
        var page = await browser.OpenLoggedInAsync(site.Server, new(JavaScript: false));
        await page.GotoAsync($"/accounts/{account.Username}");
        await page.Locator("[name=description]").FillAsync("mine");
        await site.Api.PatchAsync($"/accounts/{account.Username}", """{ "description": "theirs" }""");

        await page.Button("Save").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The account was changed by somebody else meanwhile. What you typed is kept");
        await page.Button("Save").ClickAsync();

        await Expect(page.Answer()).ToContainTextAsync("is changed.");
        Assert.Equal("mine", (await site.Api.GetAsync($"/accounts/{account.Username}"))["description"]!.GetValue<string>());
    }

    [Fact(Timeout = Limits.Long)]
    public async Task After_it_was_followed_a_page_answers_as_before()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync("answered");
        var page = await browser.OpenLoggedInAsync(site.Server);
        var port = page.Locator("[name='endpoints[0].port']");
        await page.GoLiveAsync($"{site.Path}/edit");
        await site.Api.PatchAsync(site.Path, """{ "settings": { "maxConnections": 51 } }""");
        await Expect(page.Locator("[name='settings.maxConnections']")).ToHaveValueAsync("51");
        await port.FillAsync("70000");
        await page.Button("Save").Last.ClickAsync();
        await Expect(page.Locator("main .notice[role=alert]")).ToContainTextAsync("70000");
        await Expect(page.Locator("main .notice[role=alert]")).ToBeFocusedAsync();

        // Overtaken twice: each save has its answer, and the second one holds.
        var description = page.Locator("[name=description]");
        await page.GoLiveAsync($"/accounts/{account.Username}");
        await site.Api.PatchAsync($"/accounts/{account.Username}", """{ "description": "theirs" }""");
        await Expect(description).ToHaveValueAsync("theirs");
        await description.FillAsync("mine");
        await site.Api.PatchAsync($"/accounts/{account.Username}", """{ "description": "theirs again" }""");
        await Expect(page.GetByText("This was changed elsewhere meanwhile.")).ToBeVisibleAsync();
        await page.Button("Save").ClickAsync();
        await Expect(page.Locator("main .notice[role=alert]")).ToContainTextAsync("was changed by somebody else meanwhile");
        await Expect(description).ToHaveValueAsync("mine");
        await page.Button("Save").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("is changed.");
        await Expect(page.Heading("Accounts")).ToBeVisibleAsync();
        await Expect(description).ToHaveCountAsync(0);
        Assert.Equal("mine", (await site.Api.GetAsync($"/accounts/{account.Username}"))["description"]!.GetValue<string>());

        // A list: it is sorted anew, not shown as it was.
        await site.HoldAsync("answered.example");
        await page.GoLiveAsync($"/messages?q=site:{site.Id}");
        await site.SendAsync("first@answered.example", SampleMail.Plain("one"));
        await Expect(page.Locator("tr[data-message]")).ToHaveCountAsync(1);
        await site.SendAsync("second@answered.example", SampleMail.Plain("two"));
        await Expect(page.Locator("tr[data-message]")).ToHaveCountAsync(2);
        await Expect(page.Locator("tr[data-message]").First).ToContainTextAsync("first@answered.example");
        await page.GetByRole(AriaRole.Link, new() { Name = "Newest", Exact = true }).ClickAsync();
        await Expect(page.Locator("tr[data-message]").First).ToContainTextAsync("second@answered.example");
        await Expect(page.Locator("tr[data-message]")).ToHaveCountAsync(2);
    }
}
