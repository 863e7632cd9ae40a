using Microsoft.Extensions.Logging.Abstractions;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Delivery;

public sealed class EnvelopeFileTests
{
    static readonly Message Message = new()
    {
        Id = 1, ClientAddress = "", HeloName = "", Protocol = "", MailFrom = "a@sender.example",
    };

    static Recipient[] To(params string[] addresses) => [.. addresses.Select(address => new Recipient { Address = address, Domain = "x" })];

    static async Task InFolderAsync(Func<string, Task> test)
    {
        var folder = Directory.CreateTempSubdirectory("websmtp-tests-").FullName;
        try
        {
            await test(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static Task<string> WriteAsync(string folder, params string[] to) =>
        EnvelopeFile.WriteAsync(folder, Message, To(to), new MemoryContent("Subject: x\r\n\r\nbody\r\n"u8.ToArray()), TestContext.Current.CancellationToken);

    [Fact]
    public Task A_file_has_its_envelope_on_top() => InFolderAsync(async folder =>
    {
        var path = await WriteAsync(folder, "u@hub.example", "v@hub.example");
        Assert.Equal(Path.Combine(folder, "0000000000001.eml"), path);
        Assert.Equal("x-sender: a@sender.example\r\nx-receiver: u@hub.example\r\nx-receiver: v@hub.example\r\nSubject: x\r\n\r\nbody\r\n", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Single(Directory.GetFileSystemEntries(folder));
    });

    [Fact]
    public Task Parts_of_one_message_that_are_written_at_the_same_time_are_whole_files_each() => InFolderAsync(async folder =>
    {
        var content = new MemoryContent(Enumerable.Repeat((byte)'x', 1024 * 1024).ToArray());
        var paths = await Task.WhenAll(Enumerable.Range(1, 20).Select(n => Task.Run(() => EnvelopeFile.WriteAsync(
            folder, Message, [new() { Id = n, Address = $"u{n}@hub.example", Domain = "x" }], content, TestContext.Current.CancellationToken))));
        Assert.Equal(20, paths.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(paths.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(folder).Order(StringComparer.Ordinal));
        for (var n = 1; n <= 20; n++)
            Assert.StartsWith($"x-sender: a@sender.example\r\nx-receiver: u{n}@hub.example\r\nxxx", await File.ReadAllTextAsync(paths[n - 1], TestContext.Current.CancellationToken), StringComparison.Ordinal);
    });

    [Fact]
    public Task Doing_it_again_after_a_crash_makes_no_second_file() => InFolderAsync(async folder =>
    {
        var path = await WriteAsync(folder, "u@hub.example");
        Assert.Equal(path, await WriteAsync(folder, "u@hub.example"));
        // What was being written at the crash is written anew.
        File.Move(path, Path.Combine(folder, ".0000000000001-0.tmp"));
        Assert.Equal(path, await WriteAsync(folder, "u@hub.example"));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder));
    });

    [Fact]
    public Task Other_recipients_of_the_same_message_get_another_file() => InFolderAsync(async folder =>
    {
        await WriteAsync(folder, "u@hub.example", "v@hub.example");
        await WriteAsync(folder, "u@hub.example");
        await WriteAsync(folder, "w@hub.example");
        Assert.Equal(3, Directory.GetFiles(folder, "*.eml").Length);
        Assert.EndsWith("0000000000001-2.eml", await WriteAsync(folder, "u@hub.example"), StringComparison.Ordinal);
    });

    [Fact(Timeout = 30_000)]
    public async Task A_site_is_exported_ready_for_pickup()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var bench = new MailBench(stop);
        await bench.ReceiveManyAsync(230);
        await bench.ReceiveAsync("large\r\n" + string.Concat(Enumerable.Repeat("line\r\n", 50_000)), "u@hub.example", "v@test.com");
        await bench.ReceiveManyAsync(1, first: 999);
        await bench.Queue.LeaseHeldAsync(new("somebody", bench.Time.GetUtcNow().AddMinutes(5)), 1, ["test.com"], 1, stop);

        var (messages, folder) = await new MailExport(bench.Queue, bench.Spool, bench.Time, NullLogger<MailExport>.Instance).ExportSiteAsync(bench.Site, stop);
        Assert.Equal(231, messages);
        Assert.Equal(Path.Combine(bench.Site.Folders.Root, "Export-20260102030405"), folder);
        var files = Directory.GetFiles(folder);
        Assert.Equal(231, files.Length);
        Assert.Contains(files, file => File.ReadAllText(file).StartsWith("x-sender: a@sender.example\r\nx-receiver: u@hub.example\r\nx-receiver: v@test.com\r\nReceived: ", StringComparison.Ordinal));
        Assert.Equal(1, await bench.Queue.CountLiveAsync(1, stop));
        Assert.Equal(1, bench.Queue.Contents);
        Assert.Empty(Directory.GetFiles(bench.Site.Folders.Queue));
    }
}
