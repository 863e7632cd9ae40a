using System.Net;
using System.Text;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Mail that comes in over the REST interface, and over the command line that uses it.</summary>
public sealed class SubmissionTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    async Task<TestSite> NewSiteAsync()
    {
        var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example");
        return site;
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_message_is_sent_as_it_is()
    {
        await using var site = await NewSiteAsync();
        var mail = Encoding.Latin1.GetString(SampleMail.OfSize(3 * 1024 * 1024, "large"));
        var answer = await site.Api.AskAsync("POST", $"{site.Path}/messages?mailFrom=a@away.example&rcptTo=u@held.example&rcptTo=v@held.example", mail, "message/rfc822");
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        var id = answer.Json!["id"]!.GetValue<string>();
        var message = await site.Api.GetAsync($"/messages/{id}");
        Assert.Equal("a@away.example", message["mailFrom"]!.GetValue<string>());
        Assert.Equal(["u@held.example", "v@held.example"], message["recipients"]!.AsArray().Select(one => one!["address"]!.GetValue<string>()));
        Assert.EndsWith(mail, Encoding.UTF8.GetString(await site.Api.ContentAsync(id)), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_message_is_made_of_its_parts()
    {
        await using var site = await NewSiteAsync();
        var attachment = new string('A', 2 * 1024 * 1024);
        var id = (await site.Api.PostAsync($"{site.Path}/messages", $$"""
            { "from": "Ann <ann@hub.example>", "to": ["bob@held.example"], "bcc": ["eve@held.example"], "subject": "Grüße", "text": "Hello",
              "attachments": [ { "name": "a.bin", "content": "{{attachment}}" } ] }
            """))["id"]!.GetValue<string>();
        var message = await site.Api.GetAsync($"/messages/{id}");
        Assert.Equal(("ann@hub.example", "Grüße", 2), (message["mailFrom"]!.GetValue<string>(), message["subject"]!.GetValue<string>(), message["recipients"]!.AsArray().Count));
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("mailFrom", "?mailFrom=a@@b&rcptTo=u@held.example", "Subject: x\r\n\r\n")]
    [InlineData("rcptTo", "?mailFrom=a@b.example", "Subject: x\r\n\r\n")]
    [InlineData("content", "?mailFrom=a@b.example&rcptTo=u@held.example", "no header")]
    [InlineData("headerRecipients", "?headerRecipients=yes", "Subject: x\r\n\r\n")]
    public async Task What_is_wrong_is_named(string field, string query, string mail)
    {
        await using var site = await NewSiteAsync();
        (await site.Api.AskAsync("POST", $"{site.Path}/messages{query}", mail, "message/rfc822")).Problem(HttpStatusCode.BadRequest, field);
        Assert.Equal(0, await site.HeldAsync("held.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_site_s_limit_holds_and_viewers_may_not_send()
    {
        await using var site = await server.NewSiteAsync("""{ "maxMessageSize": 10000 }""");
        await site.HoldAsync("held.example");
        var path = $"{site.Path}/messages?mailFrom=a@away.example&rcptTo=u@held.example";
        var large = Encoding.Latin1.GetString(SampleMail.OfSize(20_000));
        (await site.Api.AskAsync("POST", path, large, "message/rfc822")).Problem(HttpStatusCode.RequestEntityTooLarge);
        (await site.Server.WithRole("viewer").AskAsync("POST", path, "Subject: x\r\n\r\n", "message/rfc822")).Problem(HttpStatusCode.Forbidden);
        (await site.Api.AskAsync("POST", path, "Subject: x\r\n\r\n", "text/plain")).Problem(HttpStatusCode.UnsupportedMediaType);
        using var bare = new ByteArrayContent("Subject: x\r\n\r\n"u8.ToArray());
        using var http = WebSmtpProcess.NewHttpClient(site.Server.WebUrl);
        http.DefaultRequestHeaders.Authorization = new("Bearer", ServerOptions.AdminKey);
        using var answer = await http.PostAsync($"/api/v1{path}", bare, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await site.Server.WithRole("operator").AskAsync("POST", path, "Subject: x\r\n\r\n", "message/rfc822")).Status);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("From: a@away.example\nTo: u@held.example\n\nbody\n", "body", "-t", "-i")]
    [InlineData("Subject: x\n\nbody\n.\nmore\n", "body", "-f", "b@away.example", "u@held.example")]
    [InlineData("Subject: x\n\nbody\n.\nmore\n", "body\r\n.\r\nmore", "-oi", "-oem", "-fb@away.example", "u@held.example")]
    [InlineData("Subject: x\n\nbody\n", "body", "-v", "-B8BITMIME", "-N", "never", "-R", "hdrs", "-V", "x", "-O", "A=b", "-oQ/x", "-L", "tag", "-G", "-U", "-Am",
        "-q1h", "-F", "Ann", "-ra@away.example", "-bm", "--", "-dash@held.example")]
    [InlineData("just text\nmore\n", "just text\r\nmore", "-i", "v@held.example,u@held.example")]
    public async Task Sendmail_takes_a_message_on_standard_input(string mail, string body, params string[] arguments)
    {
        await using var site = await NewSiteAsync();
        var sent = await Tool.RunAsync(ProgramFiles.Executable, ["sendmail", "--site", $"{site.Id}", .. arguments], Stop, site.Server.Environment(), input: Encoding.ASCII.GetBytes(mail));
        Assert.True(sent.ExitCode == 0, sent.ToString());
        var message = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"));
        Assert.EndsWith($"\r\n\r\n{body}\r\n", Encoding.ASCII.GetString(await site.Api.ContentAsync(message["id"]!.GetValue<string>())), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Sendmail_adds_the_From_and_splits_recipients_at_commas()
    {
        await using var site = await NewSiteAsync();
        var sent = await Tool.RunAsync(
            ProgramFiles.Executable, ["sendmail", "--site", $"{site.Id}", "-F", "Änn", "-f", "ann@away.example", "v@held.example,w@held.example"],
            Stop, site.Server.Environment(), input: "just text\n"u8.ToArray());
        Assert.True(sent.ExitCode == 0, sent.ToString());
        var id = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]!.GetValue<string>();
        var message = await site.Api.GetAsync($"/messages/{id}");
        Assert.Equal(["v@held.example", "w@held.example"], message["recipients"]!.AsArray().Select(one => one!["address"]!.GetValue<string>()));
        var content = Encoding.ASCII.GetString(await site.Api.ContentAsync(id));
        Assert.Matches("\r\nFrom: =\\?utf-8\\?.*<ann@away.example>\r\n", content);
        Assert.EndsWith("\r\n\r\njust text\r\n", content, StringComparison.Ordinal);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData(2, "-i")]
    [InlineData(2, "-k", "u@held.example")]
    [InlineData(2, "--nonsense", "u@held.example")]
    [InlineData(2, "u@held.example", "-f")]
    [InlineData(2, "-bs")]
    [InlineData(2, "-bp", "u@held.example")]
    [InlineData(1, "-t")]
    [InlineData(1, "-f", "a@@b", "u@held.example")]
    public async Task Sendmail_says_what_it_cannot_do(int code, params string[] arguments)
    {
        var process = await server.ProcessAsync();
        var sent = await Tool.RunAsync(ProgramFiles.Executable, ["sendmail", .. arguments], Stop, process.Environment(), input: "Subject: x\n\n"u8.ToArray());
        Assert.Equal(code, sent.ExitCode);
        Assert.NotEmpty(sent.Error);
    }
}
