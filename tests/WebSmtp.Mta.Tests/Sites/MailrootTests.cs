using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

public sealed class MailrootTests : IDisposable
{
    readonly SiteBench _bench = new();

    public void Dispose() => _bench.Dispose();

    Task<Result<SiteView>> CreateAsync(string mailroot) => _bench.Sites.CreateAsync(
        SiteBench.Wanted("Branch", 2526) with { Mailroot = mailroot }, SiteBench.Administrator, _bench.Stop);

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_relative_mail_root_is_below_the_data_directory()
    {
        await _bench.BootAsync();
        Assert.Null((await CreateAsync("offices/branch")).Problem);
        Assert.True(Directory.Exists(Path.Combine(_bench.Data, "offices", "branch", "Pickup")));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_absolute_mail_root_is_below_the_data_directory_or_a_listed_folder()
    {
        _bench.ExtraRoots.Add(_bench.Elsewhere);
        await _bench.BootAsync();
        Assert.Null((await CreateAsync(Path.Combine(_bench.Elsewhere, "branch"))).Problem);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_listed_folder_itself_may_be_a_mail_root()
    {
        _bench.ExtraRoots.Add(_bench.Elsewhere);
        await _bench.BootAsync();
        Assert.Null((await CreateAsync(_bench.Elsewhere)).Problem);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../data2")]
    [InlineData("a/../../elsewhere")]
    [InlineData("/")]
    [InlineData("/etc")]
    [InlineData("a\0b")]
    public async Task Anything_else_is_refused(string mailroot)
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid((await CreateAsync(mailroot)).Problem, "mailroot");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_link_that_leads_out_of_the_data_directory_is_refused()
    {
        await _bench.BootAsync();
        Directory.CreateSymbolicLink(Path.Combine(_bench.Data, "out"), _bench.Elsewhere);
        SiteBench.AssertInvalid((await CreateAsync("out/branch")).Problem, "mailroot");
        Assert.Empty(Directory.GetFileSystemEntries(_bench.Elsewhere));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_link_in_a_circle_is_refused()
    {
        await _bench.BootAsync();
        Directory.CreateSymbolicLink(Path.Combine(_bench.Data, "a"), Path.Combine(_bench.Data, "b"));
        Directory.CreateSymbolicLink(Path.Combine(_bench.Data, "b"), Path.Combine(_bench.Data, "a"));
        SiteBench.AssertInvalid((await CreateAsync("a/branch")).Problem, "mailroot");
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("mailroot/1")]
    [InlineData("mailroot/1/Queue")]
    [InlineData("mailroot")]
    [InlineData("linked")]
    public async Task Two_sites_may_not_share_or_nest_a_mail_root(string mailroot)
    {
        await _bench.BootAsync();
        Directory.CreateSymbolicLink(Path.Combine(_bench.Data, "linked"), Path.Combine(_bench.Data, "mailroot", "1"));
        SiteBench.AssertInvalid((await CreateAsync(mailroot)).Problem, "mailroot");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_mail_root_that_cannot_be_written_is_refused_at_creation()
    {
        await _bench.BootAsync();
        File.WriteAllText(Path.Combine(_bench.Data, "file"), "");
        SiteBench.AssertInvalid((await CreateAsync("file/branch")).Problem, "mailroot");
        Assert.Single(_bench.Registry.Sites);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_mail_root_that_is_gone_is_made_again_by_starting()
    {
        await _bench.BootAsync();
        var id = await _bench.StoppedAsync("Branch", 2526);
        Directory.Delete(Path.Combine(_bench.Data, "mailroot", "2"), recursive: true);
        Assert.Null((await _bench.Sites.StartAsync(id, SiteBench.Operator, _bench.Stop)).Problem);
        Assert.True(Directory.Exists(Path.Combine(_bench.Data, "mailroot", "2", "Queue")));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_mail_root_that_can_no_longer_be_written_fails_the_start()
    {
        await _bench.BootAsync();
        var id = await _bench.StoppedAsync("Branch", 2526);
        Directory.Delete(Path.Combine(_bench.Data, "mailroot", "2"), recursive: true);
        File.WriteAllText(Path.Combine(_bench.Data, "mailroot", "2"), "");
        SiteBench.AssertConflict((await _bench.Sites.StartAsync(id, SiteBench.Operator, _bench.Stop)).Problem, "cannot be written");
        Assert.Equal(SiteState.Failed, _bench.State(id));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_mail_root_can_be_changed_and_its_folders_are_made()
    {
        await _bench.BootAsync();
        var changed = await _bench.Sites.UpdateAsync(1, _bench.Current(1) with { Mailroot = "new" }, null, SiteBench.Administrator, _bench.Stop);
        Assert.Equal(Path.Combine(_bench.Data, "new"), changed.Value!.Site.Folders.Root);
        Assert.True(Directory.Exists(changed.Value.Site.Folders.Queue));
    }
}
