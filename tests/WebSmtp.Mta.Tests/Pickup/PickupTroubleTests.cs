using System.Diagnostics;
using WebSmtp.Mta.Pickup;

namespace WebSmtp.Mta.Tests.Pickup;

/// <summary>Files that others still write, that cannot be read or named, and what is said about them.</summary>
public sealed class PickupTroubleTests
{
    const int Deadline = 60_000;
    const string Simple = "x-sender: a@sender.example\r\nx-receiver: u@test.com\r\nSubject: hello\r\n\r\nbody\r\n";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = Deadline)]
    [InlineData("f.flush()")]
    [InlineData("f.close(); f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX)")]
    public async Task A_file_that_a_writer_without_our_locks_has_open_is_left_until_it_is_closed(string pause)
    {
        if (!OperatingSystem.IsLinux()) return;
        await using var bench = new PickupBench(Stop);
        var script = $"import fcntl, sys\nf = open(sys.argv[1], 'wb')\nf.write(sys.argv[2].encode())\n{pause}\n"
            + "print('half', flush=True)\nsys.stdin.readline()\nf.seek(0, 2)\nf.write(b'rest\\n')\nf.close()\n";
        using var writer = Process.Start(new ProcessStartInfo("python3", ["-c", script, Path.Combine(bench.Folder, "half.eml"), Simple])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        Assert.Equal("half", await writer.StandardOutput.ReadLineAsync(Stop));
        for (var n = 0; n < 5; n++) await bench.TakeAsync();
        Assert.Equal(["half.eml"], bench.Left);
        await writer.StandardInput.WriteLineAsync("go on");
        await writer.StandardInput.FlushAsync(Stop);
        await writer.WaitForExitAsync(Stop);
        await bench.TakeAsync();
        Assert.EndsWith("\r\n\r\nbody\r\nrest\r\n", await bench.ContentAsync(bench.OnlyMessage), StringComparison.Ordinal);
        Assert.Empty(bench.Left);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_that_was_opened_just_before_it_was_taken_waits_as_well()
    {
        if (!OperatingSystem.IsLinux()) return;
        await using var bench = new PickupBench(Stop);
        var path = bench.Put("one.eml", Simple);
        FileStream? writer = null;
        bench.Move = (from, to) =>
        {
            writer = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
            File.Move(from, to);
        };
        await bench.TakeAsync();
        Assert.Empty(bench.Mail.Queue.Messages);
        await writer!.WriteAsync("rest\r\n"u8.ToArray(), Stop);
        await writer.DisposeAsync();
        await bench.LookAfterAsync(TakenFiles.RetryAfter);
        Assert.EndsWith("body\r\nrest\r\n", await bench.ContentAsync(bench.OnlyMessage), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task Where_nobody_knows_who_writes_a_file_has_to_rest_longer()
    {
        await using var bench = new PickupBench(Stop);
        bench.UseOf = _ => FileUse.Unknown;
        bench.Put("one.eml", Simple);
        await bench.TakeAsync();
        Assert.Equal(["one.eml"], bench.Left);
        await bench.LookAfterAsync(PickupFolder.SettleUnknown);
        Assert.Equal(1, bench.OnlyMessage.LiveRecipients);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_that_changes_while_it_is_sent_is_kept_in_Badmail_with_what_is_still_written()
    {
        if (OperatingSystem.IsWindows()) return;
        await using var bench = new PickupBench(Stop);
        var path = bench.Put("one.eml", Simple);
        const string script = "exec 3>>\"$0\"; while read -r line; do printf '%s\\r\\n' \"$line\" >&3; echo written; done";
        using var writer = Process.Start(new ProcessStartInfo("bash", ["-c", script, path])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        void Write(string line)
        {
            writer.StandardInput.WriteLine(line);
            writer.StandardInput.Flush();
            Assert.Equal("written", writer.StandardOutput.ReadLine());
        }
        Write("first");
        bench.UseOf = file =>
        {
            if (file.Name.Contains(".taken", StringComparison.Ordinal)) Write("rest");
            return FileUse.None;
        };
        await bench.TakeAsync();
        Write("more");
        writer.StandardInput.Close();
        await writer.WaitForExitAsync(Stop);
        Assert.Empty(bench.Left);
        var bad = Assert.Single(bench.Bad);
        Assert.Equal(Simple + "first\r\nrest\r\nmore\r\n", await File.ReadAllTextAsync(bad, Stop));
        Assert.Contains("It was changed while it was sent", await ReasonOf(bad), StringComparison.Ordinal);
        Assert.Equal(1, bench.OnlyMessage.LiveRecipients);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_that_cannot_be_read_keeps_no_other_waiting_and_is_reported_once()
    {
        await using var bench = new PickupBench(Stop);
        var denied = true;
        bench.UseOf = file => denied && file.Name.EndsWith("-a locked.eml", StringComparison.Ordinal)
            ? throw new UnauthorizedAccessException("Access is denied.")
            : FileUse.None;
        bench.Put("a locked.eml", Simple);
        await bench.TakeAsync();
        bench.Put("other.eml", Simple);
        await bench.TakeAsync();
        Assert.Equal(1, bench.OnlyMessage.LiveRecipients);
        Assert.EndsWith("-a locked.eml", Assert.Single(bench.Left), StringComparison.Ordinal);
        for (var n = 0; n < 3; n++) await bench.LookAfterAsync(TakenFiles.RetryUnreadableAfter);
        Assert.Single(bench.Kept.Of(1203));
        Assert.Empty(bench.Bad);
        var reason = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(bench.Mail.Site.Folders.Badmail)), Stop);
        Assert.Contains("It cannot be read: Access is denied.", reason, StringComparison.Ordinal);
        denied = false;
        await bench.LookAfterAsync(TakenFiles.RetryUnreadableAfter);
        Assert.Equal(2, bench.Mail.Queue.Messages.Count);
        Assert.Empty(bench.Left);
        Assert.Empty(Directory.GetFiles(bench.Mail.Site.Folders.Badmail));
    }

    [Fact(Timeout = Deadline)]
    public async Task Files_in_use_keep_no_other_waiting_however_many_they_are()
    {
        await using var bench = new PickupBench(Stop);
        bench.UseOf = file => Path.GetFileName(file.Name).StartsWith("used", StringComparison.Ordinal) ? FileUse.Open : FileUse.None;
        for (var n = 0; n < 2500; n++) bench.Put($"used {n}.eml", Simple);
        for (var n = 0; n < 20; n++) bench.Put($"free {n}.eml", Simple);
        for (var n = 0; n < 10; n++) await bench.LookAfterAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(20, bench.Mail.Queue.Messages.Count);
        Assert.Equal(2500, bench.Left.Length);
    }

    [Fact(Timeout = Deadline)]
    public async Task Long_names_of_any_script_are_cut_between_characters()
    {
        await using var bench = new PickupBench(Stop);
        bench.Put(string.Concat(Enumerable.Repeat("😀", 60)) + ".eml", Simple);
        bench.Put(new string('字', 80) + ".eml", "no header");
        await bench.TakeAsync();
        Assert.Equal(1, bench.OnlyMessage.LiveRecipients);
        Assert.Empty(bench.Left);
        Assert.Contains("字字", Assert.Single(bench.Bad), StringComparison.Ordinal);
        Assert.Equal(string.Concat(Enumerable.Repeat("😀", 24)) + ".eml", PickupNames.Shortened(string.Concat(Enumerable.Repeat("😀", 60)) + ".eml"));
        Assert.Equal("short.eml", PickupNames.Shortened("short.eml"));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_name_that_is_not_UTF8_is_reported_once()
    {
        if (!OperatingSystem.IsLinux()) return;
        await using var bench = new PickupBench(Stop);
        using (var bash = Process.Start("bash", ["-c", $"echo x > '{bench.Folder}'/$'na\\xe4me.eml'"])) await bash.WaitForExitAsync(Stop);
        for (var n = 0; n < 3; n++) await bench.TakeAsync();
        Assert.Single(bench.Kept.Of(1202));
        var reason = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(bench.Mail.Site.Folders.Badmail)), Stop);
        Assert.Contains("not UTF-8", reason, StringComparison.Ordinal);
        // The bench cannot delete it.
        using (var bash = Process.Start("bash", ["-c", $"rm '{bench.Folder}'/na*"])) await bash.WaitForExitAsync(Stop);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_that_cannot_be_renamed_now_is_logged_once()
    {
        await using var bench = new PickupBench(Stop);
        bench.Move = (_, _) => throw new IOException("busy");
        bench.Put("one.eml", Simple);
        for (var n = 0; n < 3; n++) await bench.TakeAsync();
        Assert.Single(bench.Kept.Of(1206));
        bench.Move = File.Move;
        await bench.TakeAsync();
        Assert.Equal(1, bench.OnlyMessage.LiveRecipients);
    }

    [Fact(Timeout = Deadline)]
    public async Task The_reason_says_which_file_when_why_and_what_to_do()
    {
        await using var bench = new PickupBench(Stop);
        bench.Put("bad one.eml", "no header");
        await bench.TakeAsync();
        var reason = await ReasonOf(Assert.Single(bench.Bad));
        Assert.Contains("File:       bad one.eml\r\n", reason, StringComparison.Ordinal);
        Assert.Contains("Time:       2026-01-02 ", reason, StringComparison.Ordinal);
        Assert.Contains("Reason:     Line 1 is no header field", reason, StringComparison.Ordinal);
        Assert.Contains("move it into the site's Pickup folder", reason, StringComparison.Ordinal);
    }

    static Task<string> ReasonOf(string bad) => File.ReadAllTextAsync(Path.ChangeExtension(bad, ".bdr"), Stop);
}
