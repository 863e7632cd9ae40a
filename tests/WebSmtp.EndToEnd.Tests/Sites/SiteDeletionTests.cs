using System.Net;
using System.Net.Http;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Sites;

/// <summary>What becomes of the mail that is still queued when its site is deleted.</summary>
public sealed class SiteDeletionTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_default_site_stays()
    {
        var process = await server.ProcessAsync();
        (await process.Api.SendAsync(HttpMethod.Delete, "/sites/1")).Problem(HttpStatusCode.Conflict);
        (await process.Api.SendAsync(HttpMethod.Delete, "/sites/1?messages=export")).Problem(HttpStatusCode.Conflict);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task By_default_a_site_with_mail_is_not_deleted()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example");
        await site.SendAsync("user@held.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var problem = (await site.Api.SendAsync(HttpMethod.Delete, site.Path)).Problem(HttpStatusCode.Conflict);
        Assert.Contains("2", problem, StringComparison.Ordinal);
        Assert.Equal(2, await site.HeldAsync("held.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Exported_mail_is_ready_for_another_sites_pickup_folder()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example");
        await site.HoldAsync("other.example");
        var large = SampleMail.OfSize(400_000);
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("sender@away.example", ["one@held.example", "two@other.example"], SampleMail.All["leading dots"]);
            await talk.SendMailAsync("", ["three@held.example"], large);
        }

        var answer = await site.Api.DeleteAsync($"{site.Path}?messages=export");

        Assert.Equal(2, answer["messages"]!.GetValue<int>());
        var files = Directory.GetFiles(answer["folder"]!.GetValue<string>()).Select(ExportedMail.Read).ToArray();
        Assert.Equal(2, files.Length);
        var first = Assert.Single(files, file => file.Sender == "sender@away.example");
        Assert.Equal(["one@held.example", "two@other.example"], first.Receivers.Order(StringComparer.Ordinal));
        first.Mail.AssertSameAs(SampleMail.All["leading dots"], "leading dots");
        var second = Assert.Single(files, file => file.Sender == "");
        Assert.Equal(["three@held.example"], second.Receivers);
        second.Mail.AssertSameAs(large, "large");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Moved_mail_is_another_sites()
    {
        await using var site = await server.NewSiteAsync();
        await using var heir = await server.NewSiteAsync();
        var account = await heir.AddAccountAsync();
        await site.HoldAsync("held.example");
        await heir.HoldAsync("held.example", account);
        var large = SampleMail.OfSize(400_000);
        await site.SendAsync("user@held.example", SampleMail.Plain("small"), large);

        var answer = await site.Api.DeleteAsync($"{site.Path}?messages=move&to={heir.Id}");

        Assert.Equal(2, answer["messages"]!.GetValue<int>());
        Assert.Equal(2, await heir.HeldAsync("held.example"));
        var host = await TurnHost.CollectAsync(heir, account, Stop);
        host.Received[0].AssertSameAs(SampleMail.Plain("small"), "small");
        host.Received[1].AssertSameAs(large, "large");
    }

    /// <summary>A pickup-ready file: <c>x-sender:</c> and <c>x-receiver:</c> lines, then the message.</summary>
    sealed record ExportedMail(string Sender, IReadOnlyList<string> Receivers, ReceivedMail Mail)
    {
        public static ExportedMail Read(string file)
        {
            var octets = File.ReadAllBytes(file);
            string? sender = null;
            var receivers = new List<string>();
            var at = 0;
            while (octets.AsSpan(at).IndexOf("\r\n"u8) is >= 0 and var length)
            {
                var line = System.Text.Encoding.UTF8.GetString(octets, at, length);
                if (line.StartsWith("x-sender: ", StringComparison.OrdinalIgnoreCase)) sender = Bare(line[10..]);
                else if (line.StartsWith("x-receiver: ", StringComparison.OrdinalIgnoreCase)) receivers.Add(Bare(line[12..]));
                else break;
                at += length + 2;
            }
            return new(sender ?? throw new InvalidDataException($"{file} has no x-sender line."), receivers, new(sender, receivers, octets[at..], false));
        }

        // The service wrote addresses with and without angle brackets.
        static string Bare(string address) => address is ['<', .. var inner, '>'] ? inner : address;
    }
}
