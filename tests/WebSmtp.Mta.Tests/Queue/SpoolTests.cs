using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Queue;

public sealed class SpoolTests
{
    const int Deadline = 60_000;

    static string Lines(int kibibytes) => string.Concat(Enumerable.Repeat(new string('x', 1022) + "\r\n", kibibytes));

    static string[] Files(MailBench bench)
    {
        var folder = bench.Site.Folders.Queue;
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)!)] : [];
    }

    [Fact(Timeout = Deadline)]
    public async Task Small_content_is_in_the_row_and_large_content_in_a_file()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveAsync(Lines(100), "u@test.com");
        Assert.Empty(Files(bench));
        await bench.ReceiveAsync(Lines(2000), "u@test.com");
        var large = bench.Queue.Messages[1];
        Assert.Equal($"mailroot/1/Queue/{new MessageId(large.Id)}.eml", large.ContentPath);
        Assert.Equal([$"{new MessageId(large.Id)}.eml"], Files(bench));
        Assert.Equal(0, bench.Spool.Memory.Rented);

        var content = await bench.Spool.FindAsync(large, TestContext.Current.CancellationToken);
        Assert.Equal(large.Size, content!.Length);
        using var reader = new StreamReader(await content.OpenAsync(TestContext.Current.CancellationToken), Encoding.Latin1);
        Assert.EndsWith(Lines(2000), await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(bench.Spool.Full(large.ContentPath!)));
    }

    [Fact(Timeout = Deadline)]
    public async Task Large_content_is_never_whole_in_memory()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
        await talk.AskAsync("RCPT TO:<u@test.com>", "250");
        await talk.AskAsync("DATA", "354");
        var most = 0L;
        for (var n = 0; n < 200; n++)
        {
            await talk.SayAsync(Lines(100));
            most = Math.Max(most, bench.Spool.Memory.Rented);
        }
        await talk.AskAsync(".", "250");
        Assert.InRange(most, 1, 1024 * 1024);
        Assert.InRange(Assert.Single(bench.Queue.Messages).Size, 200 * 100 * 1024, 200 * 100 * 1024 + 500);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_message_that_is_not_finished_leaves_no_file()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using (var talk = await bench.HelloAsync())
        {
            await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
            await talk.AskAsync("RCPT TO:<u@test.com>", "250");
            await talk.AskAsync("DATA", "354");
            await talk.SayAsync(Lines(1000));
            while (Files(bench).Length == 0) await Task.Yield();
        }
        while (Files(bench).Length > 0) await Task.Yield();
        Assert.Empty(bench.Queue.Messages);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_goes_with_the_last_recipient()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveAsync(Lines(300), "u@test.com");
        Assert.Single(Files(bench));
        await using (var talk = await bench.HelloAsync("testserver"))
        {
            await talk.AskAsync("TURN", "250");
            await new Delivery.SinkHost(bench.Time).ServeAsync(talk.Pipe);
        }
        await bench.WhenEndedAsync();
        Assert.Empty(Files(bench));
    }

    [Theory(Timeout = Deadline)]
    [InlineData(28, "452 4.3.1")]
    [InlineData(5, "451 4.3.0")]
    public async Task A_disk_in_trouble_refuses_for_now_and_leaves_nothing(int errno, string reply)
    {
        string? path = null;
        await using var bench = new MailBench(TestContext.Current.CancellationToken, file =>
        {
            path = file;
            return new FullDisk(file, errno);
        });
        await using var talk = await bench.HelloAsync();
        Assert.StartsWith(reply, await talk.SendAsync("a@sender.example", ["u@test.com"], Lines(1000)), StringComparison.Ordinal);
        Assert.NotNull(path);
        Assert.False(File.Exists(path));
        Assert.Equal(0, bench.Spool.Memory.Rented);
        // The session goes on, and small mail still has its room.
        Assert.StartsWith("250", await talk.SendAsync("a@sender.example", ["u@test.com"], "x\r\n"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task At_start_files_without_a_row_are_swept_and_others_stay()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveAsync(Lines(300), "u@test.com");
        var folder = bench.Site.Folders.Queue;
        var left = bench.Ids.Next();
        File.WriteAllText(Path.Combine(folder, $"{left}.eml"), "cut off");
        File.WriteAllText(Path.Combine(folder, "notes.eml"), "not ours");
        bench.Time.Advance(TimeSpan.FromMinutes(1));

        using var upkeep = new QueueUpkeep(bench.Sites, bench.Queue, bench.Records, bench.Spool, bench.Settling, bench.Events, bench.Ids, bench.Time, NullLogger<QueueUpkeep>.Instance);
        await upkeep.RecoverAsync(TestContext.Current.CancellationToken);
        var arriving = bench.Ids.Next();
        File.WriteAllText(Path.Combine(folder, $"{arriving}.eml"), "on its way");
        upkeep.Start();
        while (File.Exists(Path.Combine(folder, $"{left}.eml"))) await Task.Yield();
        await upkeep.StopAsync();
        Assert.Equal(new[] { "notes.eml", $"{new MessageId(bench.Queue.Messages[0].Id)}.eml", $"{arriving}.eml" }.Order(StringComparer.Ordinal), Files(bench).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Deadline)]
    public async Task At_start_what_this_node_had_leased_comes_back()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(1);
        var stop = TestContext.Current.CancellationToken;
        await bench.Queue.LeaseHeldAsync(new("n0/turn/7", bench.Time.GetUtcNow().AddMinutes(5)), 1, ["test.com"], 10, stop);
        await bench.Records.AddAsync([new() { Domain = "test.com", From = "x" }], stop);
        using var upkeep = new QueueUpkeep(bench.Sites, bench.Queue, bench.Records, bench.Spool, bench.Settling, bench.Events, bench.Ids, bench.Time, NullLogger<QueueUpkeep>.Instance);
        await upkeep.RecoverAsync(stop);
        Assert.Equal(RecipientState.Held, bench.Queue["u1@test.com"].State);
        Assert.NotNull(bench.Records.All[0].EndedAt);
    }

    [Fact(Timeout = Deadline)]
    public async Task Held_mail_expires_at_its_domains_age_and_history_goes_after_its_time()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site => site.Domains.Add(MailBench.Held("forever.example")));
        bench.ConfigureRoute("test.com", route => route with { MaxAge = TimeSpan.FromDays(3) });
        await bench.ReceiveManyAsync(600);
        await bench.ReceiveManyAsync(1, "forever.example");
        using var upkeep = new QueueUpkeep(bench.Sites, bench.Queue, bench.Records, bench.Spool, bench.Settling, bench.Events, bench.Ids, bench.Time, NullLogger<QueueUpkeep>.Instance);
        var stop = TestContext.Current.CancellationToken;

        bench.Time.Advance(TimeSpan.FromDays(3));
        await upkeep.TidyAsync(stop);
        Assert.All(bench.Queue.Recipients, recipient => Assert.Equal(RecipientState.Held, recipient.State));
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        await upkeep.TidyAsync(stop);
        Assert.Equal(600, bench.Queue.Recipients.Count(recipient => recipient.State is RecipientState.Expired));
        Assert.Equal(RecipientState.Held, bench.Queue["u1@forever.example"].State);
        Assert.Equal(600, bench.Queue.Recipients.Count(recipient => recipient is { Address: "a@sender.example", State: RecipientState.Queued }));

        bench.Time.Advance(TimeSpan.FromDays(30) + TimeSpan.FromSeconds(1));
        await upkeep.TidyAsync(stop);
        Assert.DoesNotContain(bench.Queue.Recipients, recipient => recipient.Domain is "test.com");
        Assert.Equal(RecipientState.Held, bench.Queue["u1@forever.example"].State);
    }

    [Fact(Timeout = Deadline)]
    public async Task When_memory_is_scarce_small_contents_go_to_files_too()
    {
        var data = Directory.CreateTempSubdirectory("websmtp-tests-").FullName;
        try
        {
            var spool = new Spool(new FakeQueueStore(TimeProvider.System), new DataDirectory(data, []), NullLogger<Spool>.Instance);
            var much = Enumerable.Range(0, 70).Select(_ => spool.Memory.Rent(1024 * 1024)).ToList();
            await using (var content = spool.Begin(Path.Combine(data, "Queue"), new(1)))
            {
                content.GetMemory(5).Span.Fill((byte)'x');
                content.Advance(5);
                await content.FlushAsync(TestContext.Current.CancellationToken);
                Assert.Equal("Queue/0000000000001.eml", await content.CompleteAsync());
                content.Keep();
            }
            Assert.Equal("xxxxx", await File.ReadAllTextAsync(Path.Combine(data, "Queue", "0000000000001.eml"), TestContext.Current.CancellationToken));
            much.ForEach(spool.Memory.Return);
            Assert.Equal(0, spool.Memory.Rented);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>A file that takes a little and then has trouble.</summary>
    sealed class FullDisk(string path, int errno) : Stream
    {
        readonly FileStream _file = new(path, FileMode.CreateNew);
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => _file.Length;
        public override long Position { get => _file.Position; set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_file.Length > 200_000) throw new IOException("No space", errno);
            _file.Write(buffer.Span);
            return default;
        }

        protected override void Dispose(bool disposing)
        {
            _file.Dispose();
            base.Dispose(disposing);
        }
    }
}
