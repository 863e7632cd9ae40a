using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Storage.Tests;

public abstract class SmartHostStoreContract : StorageContract
{
    ISmartHostStore Hosts => Database.Get<ISmartHostStore>();

    static SmartHost New(string name) => new()
    {
        Name = name,
        Target = new("relay.example", 587, HostTls.Verify)
        {
            CertificateAuthority = "PEM",
            ClientCertificate = [1, 2],
            Auth = new() { Type = SmartHostAuthType.OAuth2RefreshToken, Username = "anna", ClientId = "id", ClientSecret = [3], RefreshToken = [4, 5], TokenEndpoint = "https://x/", Scope = "s" },
        },
        Limits = new(1, 2, 3),
    };

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_is_kept_comes_back_whole_and_by_name()
    {
        var host = New("b");
        Assert.True(await Hosts.AddAsync(host, Stop));
        Assert.True(await Hosts.AddAsync(New("A"), Stop));
        var listed = await Hosts.ListAsync(Stop);
        Assert.Equal(["A", "b"], listed.Select(one => one.Name));
        Assert.Equivalent(host, listed[1], strict: true);
        Assert.Equal((1, 2, 3), (listed[1].Limits.Connections, listed[1].Limits.PerMinute, listed[1].Limits.PerDay));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Names_are_the_same_without_case()
    {
        Assert.True(await Hosts.AddAsync(New("Primary"), Stop));
        Assert.False(await Hosts.AddAsync(New("pRIMARY"), Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_change_raises_the_version_and_a_stale_one_is_refused()
    {
        await Hosts.AddAsync(New("primary"), Stop);
        var (mine, theirs) = ((await Hosts.ListAsync(Stop))[0], (await Hosts.ListAsync(Stop))[0]);
        mine.Target = mine.Target with { Port = 25 };
        Assert.True(await Hosts.UpdateAsync(mine, Stop));
        Assert.False(await Hosts.UpdateAsync(theirs, Stop));
        Assert.Equal((25, 2, 2), ((await Hosts.ListAsync(Stop))[0].Target.Port, (await Hosts.ListAsync(Stop))[0].Version, mine.Version));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_rotated_token_is_written_without_making_anybodys_copy_stale()
    {
        await Hosts.AddAsync(New("primary"), Stop);
        var read = (await Hosts.ListAsync(Stop))[0];
        await Hosts.SetTargetAsync(read.Id, read.Target with { Auth = read.Target.Auth with { RefreshToken = [9, 9] } }, Stop);
        var after = (await Hosts.ListAsync(Stop))[0];
        Assert.Equal([9, 9], after.Target.Auth.RefreshToken!);
        Assert.Equal((read.Version, "PEM", "primary"), (after.Version, after.Target.CertificateAuthority, after.Name));
        Assert.True(await Hosts.UpdateAsync(read, Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_is_deleted_is_gone_and_its_name_is_free()
    {
        var host = New("primary");
        await Hosts.AddAsync(host, Stop);
        await Hosts.DeleteAsync(host.Id, Stop);
        Assert.Empty(await Hosts.ListAsync(Stop));
        Assert.True(await Hosts.AddAsync(New("primary"), Stop));
    }
}
