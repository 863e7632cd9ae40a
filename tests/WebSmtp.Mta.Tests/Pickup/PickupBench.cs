using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
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
        Submission = new(Mail.Sinks);
        foreach (var folder in Mail.Site.Folders.All) Directory.CreateDirectory(folder);
        _watch = NewWatch();
    }

    public MailBench Mail { get; }
    public Submission Submission { get; }
    public Action<string, string> Move { get; set; } = File.Move;
    public string Folder => Mail.Site.Folders.Pickup;
    public string TakenFolder => Mail.Site.Folders.Taken;
    public Message OnlyMessage => Assert.Single(Mail.Queue.Messages);
    public string[] Bad => [.. Directory.GetFiles(Mail.Site.Folders.Badmail, "*.bad")];

    /// <summary>What lies in Pickup, its own folder included.</summary>
    public string[] Left => [.. Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path))];

    PickupWatch NewWatch() => new(Mail.Sites, Mail.Queue, Submission, Mail.Ids, Mail.Time, NullLogger.Instance, (from, to) => Move(from, to));

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
