using System.Text;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Folders;

/// <summary>Files in the Pickup folder of a server that runs, and of one that is killed.</summary>
public sealed class PickupTests(ITestOutputHelper output)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static string Pickup(TestSite site) => Path.Combine(site.Server.DataDirectory, "mailroot", $"{site.Id}", "Pickup");

    /// <summary>As programs should: under another name first.</summary>
    static void Put(TestSite site, string subject, int size)
    {
        var unfinished = Path.Combine(Pickup(site), $"{subject}.tmp");
        File.WriteAllBytes(unfinished,
            [.. Encoding.ASCII.GetBytes("X-Sender: a@away.example\r\nX-Receiver: user@held.example\r\n"), .. SampleMail.OfSize(size, subject)]);
        File.Move(unfinished, Path.ChangeExtension(unfinished, ".eml"));
    }

    [Fact(Timeout = Limits.Long)]
    public async Task Every_file_is_sent_once_however_often_the_server_is_killed()
    {
        const int rounds = 5, files = 120;
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        await site.HoldAsync("held.example");
        for (var round = 0; round < rounds; round++)
        {
            var before = await site.HeldAsync("held.example");
            for (var n = 0; n < files; n++) Put(site, $"{round}-{n}", random.Next(500, n % 10 == 0 ? 400_000 : 20_000));
            var enough = before + random.Next(1, files);
            await Eventually.TrueAsync(async () => await site.HeldAsync("held.example") >= enough);
            await server.KillAsync(Stop);
            await server.StartAgainAsync(Stop);
        }

        await Eventually.TrueAsync(() => Task.FromResult(Directory.GetFiles(Pickup(site), "*", SearchOption.AllDirectories).Length == 0));
        var subjects = (await site.Api.ListAsync($"{site.Path}/messages")).Select(message => message["subject"]!.GetValue<string>()).ToArray();
        output.WriteLine($"seed {seed}: {subjects.Length} messages, {subjects.Distinct(StringComparer.Ordinal).Count()} different ones");
        Assert.Equal(rounds * files, subjects.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(rounds * files, subjects.Length);
        Assert.Empty(Directory.GetFiles(Path.Combine(Pickup(site), "..", "Badmail")));
    }

    [Fact(Timeout = Limits.Long)]
    public async Task The_export_of_one_site_is_sent_by_another()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var other = await TestSite.CreateAsync(server);
        await other.HoldAsync("held.example");
        var first = await TestSite.CreateAsync(server);
        await first.HoldAsync("held.example");
        var contents = Enumerable.Range(0, 20).Select(n => SampleMail.OfSize(n * 20_000 + 200, $"number {n}")).ToArray();
        await first.SendAsync("user@held.example", contents);
        var exported = await server.Api.DeleteAsync($"{first.Path}?messages=export");
        Assert.Equal(contents.Length, exported["messages"]!.GetValue<int>());
        foreach (var file in Directory.GetFiles(exported["folder"]!.GetValue<string>()))
            File.Move(file, Path.Combine(Pickup(other), Path.GetFileName(file)));

        await Eventually.TrueAsync(async () => await other.HeldAsync("held.example") == contents.Length);
        foreach (var message in await server.Api.ListAsync($"{other.Path}/messages"))
        {
            var content = await server.Api.ContentAsync(message["id"]!.GetValue<string>());
            var sent = contents[int.Parse(message["subject"]!.GetValue<string>()["number ".Length..], System.Globalization.CultureInfo.InvariantCulture)];
            Assert.True(content.AsSpan().EndsWith(sent), message["subject"]!.GetValue<string>());
        }
    }
}
