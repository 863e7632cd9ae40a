using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Dns;
using WebSmtp.EndToEnd.Tests.Server;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Making domains step by step, what they override, and what DNS says about them, in the browser.</summary>
public sealed class DomainScreenTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_held_domain_is_made_with_an_account_of_its_own_without_a_script_and_back_loses_nothing()
    {
        await using var site = await server.NewSiteAsync();
        var account = TestSite.Unique("wizard");
        var page = await browser.OpenLoggedInAsync(site.Server, new(JavaScript: false));
        await page.GotoAsync($"{site.Path}/domains/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("not a domain");
        await page.Button("Next").ClickAsync();
        await Expect(page.Locator(".field.has-error")).ToContainTextAsync("neither a domain");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("wizard.example");
        await page.Button("Next").ClickAsync();
        await page.Button("Next").ClickAsync();
        await page.GetByLabel("Messages").FillAsync("500");
        await page.GetByText("Make an account for it").ClickAsync();
        await page.GetByLabel("Account name").FillAsync(account);
        await page.GetByLabel("Its password").FillAsync("a long secret, with spaces");
        await page.Button("Make the account").ClickAsync();
        await Expect(page.GetByLabel(account, new() { Exact = true })).ToBeCheckedAsync();
        await page.Button("Back").ClickAsync();
        await page.Button("Next").ClickAsync();
        await Expect(page.GetByLabel("Messages")).ToHaveValueAsync("500");
        await page.Button("Next").ClickAsync();
        await Expect(page.Locator(".details")).ToContainTextAsync(account);
        await Expect(page.Locator(".details")).ToContainTextAsync("at most 500 messages");
        await page.Button("Add the domain").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("wizard.example is added.");

        var route = (await site.Api.GetAsync($"{site.Path}/domains/wizard.example"))["route"]!;
        Assert.Equal(("hold", account, 500), (route["type"]!.GetValue<string>(), route["turnAccounts"]![0]!.GetValue<string>(), route["maxMessages"]!.GetValue<int>()));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_alias_and_a_default_domain_need_no_route()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        foreach (var (name, kind, button, answer) in new[]
        {
            ("other.example", "Alias", "Add the domain", "other.example is added."), ("new.example", "Default", "Make it the default domain", "new.example is the default domain now."),
        })
        {
            await page.GotoAsync($"{site.Path}/domains/new");
            await page.GetByLabel("Name", new() { Exact = true }).FillAsync(name);
            await page.GetByLabel(kind, new() { Exact = true }).CheckAsync();
            await page.Button("Next").ClickAsync();
            await page.Button(button).ClickAsync();
            await Expect(page.Answer()).ToContainTextAsync(answer);
        }
        Assert.Equal("new.example", (await site.Api.GetAsync(site.Path))["defaultDomain"]!.GetValue<string>());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_setting_of_the_site_is_overridden_tried_before_it_is_saved_and_taken_back()
    {
        await using var site = await server.NewSiteAsync("""{ "expireAfter": "P3D" }""");
        await site.HoldAsync("own.example");
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"{site.Path}/domains/own.example/settings/delivery");
        var setting = page.Locator("[data-setting=expireAfter]");
        await Expect(setting).ToContainTextAsync("Site: 3 days");
        await setting.GetByRole(AriaRole.Textbox).FillAsync("5 days");
        await page.GetByText("Try a message with these changes").ClickAsync();
        await page.Button("Try with these changes").ClickAsync();
        await page.Locator(".sim summary").ClickAsync();
        await Expect(page.Locator(".sim")).ToContainTextAsync("5 days of the domain");
        await Expect(setting.GetByRole(AriaRole.Textbox)).ToHaveValueAsync("5 days");
        Assert.Empty((await site.Api.GetAsync($"{site.Path}/domains/own.example"))["overrides"]!.AsObject());

        await page.Button("Save").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("own.example is changed.");
        await Expect(setting).ToContainTextAsync("set for this domain");
        await setting.GetByRole(AriaRole.Button, new() { Name = "As the site" }).ClickAsync();
        await page.Button("Save").ClickAsync();
        await Expect(setting).ToContainTextAsync("as the site has it");
        Assert.Empty((await site.Api.GetAsync($"{site.Path}/domains/own.example"))["overrides"]!.AsObject());
    }

    [Fact(Timeout = Limits.Long)]
    public async Task What_a_domain_publishes_is_judged_in_plain_words()
    {
        await using var dns = new LoopbackDns();
        dns.Mx("shown.example", 10, "mx.shown.example").Mx("shown.example", 20, "gone.shown.example").Address("mx.shown.example", "192.0.2.7")
            .Txt("shown.example", "v=spf1 mx +all").Txt("picked._domainkey.shown.example", "v=DKIM1; k=rsa; p=" + new string('A', 300))
            .Txt("_dmarc.shown.example", "v=DMARC1; p=reject; rua=mailto:dmarc@shown.example").Txt("_mta-sts.shown.example", "v=STSv1; id=20261127").Fail("_smtp._tls.shown.example");
        await using var process = await WebSmtpProcess.StartAsync(new() { Dns = dns.EndPoint }, TestContext.Current.CancellationToken);
        await process.Api.PostAsync("/sites/1/domains", """{ "name": "shown.example", "route": { "type": "hold", "etrn": true } }""");

        var found = await process.Api.GetAsync("/sites/1/domains/shown.example/dns?selectors=picked");
        Assert.Equal(["MX warning", "SPF bad", "DKIM good", "DMARC good", "MTA-STS good", "TLS-RPT unknown"],
            found["findings"]!.AsArray().Select(finding => $"{finding!["topic"]} {finding["verdict"]}"));
        Assert.Equal(["192.0.2.7"], found["hosts"]![0]!["addresses"]!.AsArray().Select(address => address!.GetValue<string>()));

        var page = await browser.OpenLoggedInAsync(process);
        await page.GotoAsync("/sites/1/domains/shown.example/dns");
        await Expect(page.Locator("[data-topic=SPF]")).ToContainTextAsync("It lets everybody send mail from it");
        await Expect(page.Locator("[data-topic=SPF] code")).ToContainTextAsync("v=spf1 mx -all");
        await Expect(page.Locator("[data-topic=DKIM]")).ToHaveAttributeAsync("data-verdict", "missing");
        await page.GetByLabel("DKIM selectors").FillAsync("picked");
        await page.Button("Look again").ClickAsync();
        await Expect(page.Locator("[data-topic=DKIM]")).ToHaveAttributeAsync("data-verdict", "good");
    }
}
