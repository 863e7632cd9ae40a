using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Pickup;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Submissions;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Pickup;

/// <summary>A transfer agent with a watched Pickup folder, and the clock in the test's hand.</summary>
sealed class PickupBench : IAsyncDisposable
{
    readonly CancellationToken _stop;
    PickupWatch _watch;

    public PickupBench(CancellationToken stop)
    {
        _stop = stop;
        Mail = new(stop);
        Submission = new(Mail.Sinks, Mail.Audit);
        foreach (var folder in Mail.Site.Folders.All) Directory.CreateDirectory(folder);
        _watch = NewWatch();
    }

    public MailBench Mail { get; }
    public Submission Submission { get; }
    public Action<string, string> Move { get; set; } = File.Move;

    /// <summary>What the system says about who has a file open.</summary>
    public Func<FileStream, FileUse> UseOf { get; set; } = FileUses.Of;
    public KeptLog Kept { get; } = new();
    public string Folder => Mail.Site.Folders.Pickup;
    public string TakenFolder => Mail.Site.Folders.Taken;
    public Message OnlyMessage => Assert.Single(Mail.Queue.Messages);
    public string[] Bad => [.. Directory.GetFiles(Mail.Site.Folders.Badmail, "*.bad")];

    /// <summary>What lies in Pickup, its own folder included.</summary>
    public string[] Left => [.. Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path))];

    PickupWatch NewWatch() => new(Mail.Sites, Mail.Queue, Submission, Mail.Ids, Mail.Time, Kept, (from, to) => Move(from, to), file => UseOf(file));

    /// <summary>The program was killed and runs again: what only memory knew is gone.</summary>
    public void Restart()
    {
        _watch.Dispose();
        _watch = NewWatch();
    }

    /// <summary>A file written in one go. Text is one octet a character.</summary>
    public string Put(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(content));
        return path;
    }

    public async Task LookAsync()
    {
        _watch.Look(_stop);
        await _watch.LookedAsync();
    }

    public Task LookAfterAsync(TimeSpan time)
    {
        Mail.Time.Advance(time);
        return LookAsync();
    }

    /// <summary>Long enough for whole files to be seen twice.</summary>
    public async Task TakeAsync()
    {
        await LookAfterAsync(TimeSpan.FromSeconds(5));
        await LookAfterAsync(TimeSpan.FromSeconds(1));
    }

    /// <summary>A message's content as stored, without our Received field.</summary>
    public async Task<string> ContentAsync(Message message)
    {
        var stored = message.ContentPath is { } path
            ? await File.ReadAllBytesAsync(Path.Combine(Mail.DataDirectory, path), _stop)
            : (await Mail.Queue.ReadContentAsync(new(message.Id), _stop))!.Value.ToArray();
        var text = Encoding.Latin1.GetString(stored);
        Assert.StartsWith("Received: by hub.example (WebSmtp, from ", text, StringComparison.Ordinal);
        var end = 0;
        do end = text.IndexOf("\r\n", end, StringComparison.Ordinal) + 2;
        while (text[end] is '\t');
        return text[end..];
    }

    public async ValueTask DisposeAsync()
    {
        _watch.Dispose();
        await Mail.DisposeAsync();
    }
}

/// <summary>Keeps what was logged.</summary>
sealed class KeptLog : ILogger
{
    readonly ConcurrentQueue<(int Event, string Text)> _lines = [];

    public IReadOnlyList<string> Of(int number) => [.. _lines.Where(line => line.Event == number).Select(line => line.Text)];
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((eventId.Id, formatter(state, exception)));
}
