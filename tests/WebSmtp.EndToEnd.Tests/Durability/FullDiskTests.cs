using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Durability;

/// <summary>The data directory on a small file system of its own, filled up.</summary>
public sealed class FullDiskTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_full_disk_is_said_and_service_resumes_when_there_is_room()
    {
        await using var disk = await SmallDisk.MountAsync();
        await using var server = await WebSmtpProcess.StartAsync(new() { DataDirectory = disk.Folder }, Stop);
        await using var site = await TestSite.CreateAsync(server);
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        await site.SendAsync("user@held.example", SampleMail.Plain("before"));

        disk.Fill();

        var taken = 0;
        string reply;
        // The database may have some room left in what it has already.
        do reply = await TryAsync(site, SampleMail.OfSize(60_000, $"full {taken}"));
        while (reply.StartsWith("250", StringComparison.Ordinal) && ++taken < 1000);
        Assert.StartsWith("452 4.3.1 ", reply, StringComparison.Ordinal);
        Assert.StartsWith("452 4.3.1 ", await TryAsync(site, SampleMail.OfSize(1_000_000)), StringComparison.Ordinal);

        disk.MakeRoom();

        await Eventually.TrueAsync(async () => (await TryAsync(site, SampleMail.Plain("after"))).StartsWith("250", StringComparison.Ordinal));
        var host = await TurnHost.CollectAsync(site, account, Stop);
        Assert.Equal(["before", .. Enumerable.Range(0, taken).Select(number => $"full {number}"), "after"], host.Received.Select(mail => mail.Subject));
    }

    // The last reply of a transaction, which may be refused at any step.
    static async Task<string> TryAsync(TestSite site, byte[] content)
    {
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        foreach (var command in (string[])["MAIL FROM:<sender@away.example>", "RCPT TO:<user@held.example>", "DATA"])
        {
            await talk.SayAsync(command);
            if ((await talk.HearAsync())[^1] is not ['2' or '3', ..] and var refusal) return refusal;
        }
        await talk.SayContentAsync(content);
        return (await talk.HearAsync())[^1];
    }

    /// <summary>A small tmpfs. Mounting needs root.</summary>
    sealed class SmallDisk : IAsyncDisposable
    {
        const string Size = "40m";

        readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("websmtp-disk-");

        public string Folder => _folder.FullName;
        string Filler => Path.Combine(Folder, "filler");

        public static async Task<SmallDisk> MountAsync()
        {
            var disk = new SmallDisk();
            var mounted = await Tool.RunAsync(Tool.Need("mount"), ["-t", "tmpfs", "-o", $"size={Size},mode=700", "tmpfs", disk.Folder], Stop);
            if (mounted.ExitCode == 0) return disk;
            disk._folder.Delete();
            Assert.Skip($"A small file system cannot be mounted (root may): {mounted.Error}");
            throw new InvalidOperationException();
        }

        public void Fill()
        {
            using var filler = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, 1);
            var block = new byte[4096];
            try
            {
                while (true) filler.Write(block);
            }
            catch (IOException)
            {
                // Full, as wanted.
            }
        }

        public void MakeRoom() => File.Delete(Filler);

        public async ValueTask DisposeAsync()
        {
            await Tool.RunAsync(Tool.Need("umount"), ["--lazy", Folder], CancellationToken.None);
            _folder.Delete();
        }
    }
}
