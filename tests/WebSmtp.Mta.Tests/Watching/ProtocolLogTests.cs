using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Mta.Tests.Watching;

/// <summary>The protocol log: who is heard, what is shown, what is written into files.</summary>
public sealed class ProtocolLogTests : IAsyncDisposable
{
    readonly string _folder = Path.Combine(Path.GetTempPath(), "websmtp-tests-" + Path.GetRandomFileName());
    readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    readonly ProtocolFiles _files;
    readonly ProtocolLog _log;
    readonly string _logs;

    public ProtocolLogTests()
    {
        _files = new(new(_folder, []), _time, NullLogger<ProtocolFiles>.Instance);
        _log = new(_files, new(), new EventStream(), _time);
        _logs = Path.Combine(_folder, "logs", "SMTPSVC1");
    }

    public async ValueTask DisposeAsync()
    {
        await _files.StopAsync();
        _log.Dispose();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    SessionLog Begin(string settings = "{}", string id = "s1", string address = "192.0.2.7")
    {
        var site = new Site { Id = 1, Name = "one", Mailroot = "mailroot/1", Settings = settings };
        return _log.Begin(
            new SiteSnapshot(site, Path.Combine(_folder, "mailroot"), 2, new Dictionary<int, string>()), id, SessionDirection.Inbound, SessionPurpose.Client,
            new System.Net.IPEndPoint(System.Net.IPAddress.Parse(address), 40000), new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 25));
    }

    static void Speak(SessionLog session)
    {
        session.ServerSaid("220 hub ESMTP");
        session.ClientSaid("EHLO client.example");
        session.ServerSaid("250-hub");
        session.ServerSaid("250 HELP");
        session.ClientSaid("RCPT TO:<a@b.example>");
        session.ServerSaid("550 5.7.1 No");
    }

    [Fact]
    public void Nobody_listens_unless_somebody_looks_or_the_site_records()
    {
        var session = Begin();
        Assert.False(session.Listens);
        Assert.True(Begin("""{ "protocolLog": "memory" }""").Listens);

        _log.Read(new(), 0, 10);
        Assert.True(session.Listens);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(session.Listens);

        session.Watch();
        Assert.True(session.Listens);
        session.ClientSaid("NOOP");
        Assert.Equal("NOOP", session.Watch()!.First.Single().Text);
    }

    [Fact]
    public void The_log_is_filtered_and_says_what_it_skipped()
    {
        Speak(Begin("""{ "protocolLog": "memory" }"""));
        Speak(Begin("""{ "protocolLog": "memory" }""", "s2", "198.51.100.1"));

        Assert.Equal(12, _log.Read(new(), 0, 100).Lines.Count);
        Assert.Equal(6, _log.Read(new(Address: "192.0.2."), 0, 100).Lines.Count);
        Assert.Equal(["s1", "s2"], _log.Read(new(Text: "rcpt to"), 0, 100).Lines.Select(line => line.Session.Id));
        Assert.All(_log.Read(new(ErrorsOnly: true), 0, 100).Lines, line => Assert.StartsWith("550", line.Line.Text, StringComparison.Ordinal));
        Assert.Empty(_log.Read(new(SiteId: 2), 0, 100).Lines);
        var page = _log.Read(new(), 2, 3);
        Assert.Equal((3, 12, 7), (page.Lines.Count, page.Last, page.Skipped));
    }

    [Fact]
    public void Lines_that_are_gone_already_count_as_skipped()
    {
        var session = Begin("""{ "protocolLog": "memory" }""");
        for (var i = 0; i < ProtocolLog.MostLines + 500; i++) session.ClientSaid($"NOOP {i}");

        var page = _log.Read(new(), 100, 10);

        Assert.Equal(ProtocolLog.MostLines + 500 - 100, page.Skipped + page.Lines.Count);
    }

    [Fact(Timeout = 30_000)]
    public async Task Files_have_a_record_for_each_command_and_its_reply()
    {
        _files.Start();
        Speak(Begin("""{ "protocolLog": "file" }"""));
        await _files.StopAsync();

        var lines = await File.ReadAllLinesAsync(Path.Combine(_logs, "ex260102.log"), TestContext.Current.CancellationToken);

        Assert.Equal("#Fields: date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host", lines[3]);
        var records = lines.Skip(4).Select(line => line.Split(' ')).ToList();
        Assert.All(records, record => Assert.Equal(18, record.Length));
        Assert.Equal([("EHLO", "+client.example", "250"), ("RCPT", "+TO:<a@b.example>", "550")], records.Select(record => (record[8], record[10], record[11])));
        Assert.Equal(("2026-01-02", "192.0.2.7", "SMTPSVC1"), (records[0][0], records[0][2], records[0][4]));
        Assert.Equal("ex260102.log", Assert.Single(_files.List(1)).Name);
        await using (var file = _files.Open(1, "ex260102.log")) Assert.NotNull(file);
        Assert.Null(_files.Open(1, "../../../etc/passwd"));
        Assert.Null(_files.Open(1, "ex260103.log"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_file_that_is_large_is_continued_in_another_and_old_ones_are_deleted()
    {
        Directory.CreateDirectory(_logs);
        var (old, foreign) = (Path.Combine(_logs, "ex250101.log"), Path.Combine(_logs, "notes.log"));
        foreach (var path in (string[])[old, foreign])
        {
            await File.WriteAllTextAsync(path, "old", TestContext.Current.CancellationToken);
            File.SetLastWriteTimeUtc(path, new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }
        await File.WriteAllTextAsync(Path.Combine(_logs, "ex260102.log"), new string('x', 70_000), TestContext.Current.CancellationToken);

        _files.Start();
        Speak(Begin("""{ "protocolLog": "file", "protocolLogMaxFileSize": 65536, "protocolLogKeepFor": "P30D" }"""));
        await _files.StopAsync();

        Assert.True(File.Exists(Path.Combine(_logs, "ex260102_2.log")));
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(foreign));
    }

    [Theory]
    [InlineData("hourly", "ex26010203.log")]
    [InlineData("daily", "ex260102.log")]
    [InlineData("weekly", "ex260101.log")]
    [InlineData("monthly", "ex2601.log")]
    [InlineData("unlimited", "extend1.log")]
    public void Files_are_named_as_the_old_service_named_them(string period, string name)
    {
        Assert.Equal(name, W3cFileName.Of(period, new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), 1));
        Assert.True(W3cFileName.IsValid(name));
        Assert.True(W3cFileName.IsValid(W3cFileName.Of(period, new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), 12)));
    }
}
