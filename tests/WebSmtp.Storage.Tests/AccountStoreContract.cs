using System.Security.Cryptography;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;

namespace WebSmtp.Storage.Tests;

public abstract class AccountStoreContract : StorageContract
{
    IAccountStore Accounts => Database.Get<IAccountStore>();
    static Account NewAccount(string name) => new() { Username = name, PasswordHash = "hash", ChallengeSecret = [1, 2], Description = "d", Sites = [1, 7] };

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Names_are_found_without_case_and_kept_with_it()
    {
        var account = NewAccount("TestServer");
        Assert.True(await Accounts.AddAsync(account, Stop));
        Assert.False(await Accounts.AddAsync(NewAccount("testserver"), Stop));
        Assert.True(account.Id > 0);
        Assert.Equivalent(account, await Accounts.FindAsync("TESTserver", Stop), strict: true);
        Assert.Null(await Accounts.FindAsync("test", Stop));
        Assert.Equal(1, await Accounts.CountAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Accounts_are_listed_by_name_in_pages()
    {
        foreach (var name in new[] { "b", "A", "c", "D" }) await Accounts.AddAsync(NewAccount(name), Stop);
        Assert.Equal(["A", "b"], (await Accounts.ListAsync(null, 2, Stop)).Select(a => a.Username));
        Assert.Equal(["c", "D"], (await Accounts.ListAsync("B", 9, Stop)).Select(a => a.Username));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Ids_and_names_are_looked_up_in_one_go()
    {
        var account = NewAccount("Alpha");
        await Accounts.AddAsync(account, Stop);
        var ids = await Accounts.FindIdsAsync(["ALPHA", "nobody"], Stop);
        Assert.Equal(account.Id, ids["alpha"]);
        Assert.Single(ids);
        Assert.Equal("Alpha", (await Accounts.NamesAsync([account.Id, 99], Stop))[account.Id]);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_stale_account_is_not_written()
    {
        await Accounts.AddAsync(NewAccount("alpha"), Stop);
        var (mine, theirs) = ((await Accounts.FindAsync("alpha", Stop))!, (await Accounts.FindAsync("alpha", Stop))!);
        (mine.Enabled, mine.Sites, mine.Username) = (false, null, "Beta");
        Assert.True(await Accounts.UpdateAsync(mine, Stop));
        Assert.False(await Accounts.UpdateAsync(theirs, Stop));
        Assert.Equivalent(mine, await Accounts.FindAsync("beta", Stop), strict: true);
        Assert.Equal(2, mine.Version);
        await Accounts.DeleteAsync(mine.Id, Stop);
        Assert.False(await Accounts.UpdateAsync(mine, Stop));
    }
}

public abstract class AccessStoreContract : StorageContract
{
    IAccessStore Access => Database.Get<IAccessStore>();

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_user_is_found_without_case_and_updated_once()
    {
        Assert.False(await Access.AnyUserAsync(Stop));
        await Access.AddUserAsync(new() { Username = "Admin", Role = Role.Administrator, PasswordHash = "h", SecurityStamp = "s" }, Stop);
        Assert.True(await Access.AnyUserAsync(Stop));
        var (mine, theirs) = ((await Access.FindUserAsync("ADMIN", Stop))!, (await Access.FindUserAsync("admin", Stop))!);
        (mine.PasswordHash, mine.Role) = ("new", Role.Viewer);
        Assert.True(await Access.UpdateUserAsync(mine, Stop));
        Assert.False(await Access.UpdateUserAsync(theirs, Stop));
        Assert.Equivalent(mine, await Access.FindUserAsync("admin", Stop), strict: true);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_key_is_found_by_its_hash()
    {
        var hash = SHA256.HashData("key"u8);
        var key = new ApiKey { Name = "first", Role = Role.Operator, KeyHash = hash, CreatedAt = TestDatabase.Start, ExpiresAt = TestDatabase.Start.AddDays(1) };
        await Access.AddKeyAsync(key, Stop);
        Assert.Equivalent(key, await Access.FindKeyAsync([.. hash], Stop), strict: true);
        Assert.Null(await Access.FindKeyAsync(SHA256.HashData("other"u8), Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Keys_are_listed_by_id_and_gone_when_deleted()
    {
        foreach (var name in (string[])["a", "b", "c"])
        {
            await Access.AddKeyAsync(
                new() { Name = name, Role = Role.Viewer, KeyHash = SHA256.HashData([(byte)name[0]]), CreatedAt = TestDatabase.Start }, Stop);
        }
        var all = await Access.ListKeysAsync(0, 10, Stop);
        Assert.Equal(["a", "b", "c"], all.Select(key => key.Name));
        Assert.Equal(["b"], (await Access.ListKeysAsync(all[0].Id, 1, Stop)).Select(key => key.Name));
        Assert.Equal(3, await Access.CountKeysAsync(Stop));
        await Access.DeleteKeyAsync(all[1].Id, Stop);
        Assert.Null(await Access.FindKeyAsync(all[1].Id, Stop));
        Assert.Null(await Access.FindKeyAsync(all[1].KeyHash, Stop));
        Assert.Equivalent(all[2], await Access.FindKeyAsync(all[2].Id, Stop), strict: true);
    }
}

public abstract class CollectionStoreContract : StorageContract
{
    ICollectionStore Collections => Database.Get<ICollectionStore>();

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_was_said_is_kept_for_the_last_collections_of_each_domain()
    {
        var records = new List<CollectionRecord>();
        for (var i = 0; i <= CollectionTranscript.KeptForDomain; i++)
        {
            var record = new CollectionRecord { SiteId = 1, Domain = "a.example", From = "192.0.2.7", StartedAt = TestDatabase.Start.AddMinutes(i), Waiting = 3 };
            await Collections.AddAsync([record], Stop);
            await Collections.KeepTranscriptAsync([record], $"said {i}", Stop);
            records.Add(record);
        }
        var other = new CollectionRecord { SiteId = 1, Domain = "b.example", From = "192.0.2.7", StartedAt = TestDatabase.Start };
        await Collections.AddAsync([other], Stop);
        await Collections.KeepTranscriptAsync([other, new() { Id = 1000, SiteId = 1, Domain = "gone.example", From = "" }], "other", Stop);

        Assert.Null(await Collections.TranscriptAsync(records[0].Id, Stop));
        Assert.Equal("said 1", await Collections.TranscriptAsync(records[1].Id, Stop));
        Assert.Equal("other", await Collections.TranscriptAsync(other.Id, Stop));
        Assert.Equal(3, (await Collections.FindAsync(records[0].Id, Stop))!.Waiting);
        Assert.Null(await Collections.FindAsync(1000, Stop));
        (records[1].EndedAt, records[1].End) = (TestDatabase.Start, "over");
        await Collections.UpdateAsync([records[1]], Stop);
        await Collections.PurgeAsync(TestDatabase.Start.AddDays(1), Stop);
        Assert.Null(await Collections.TranscriptAsync(records[1].Id, Stop));
    }

    static CollectionRecord NewRecord(string domain, int minutes) => new()
    {
        SiteId = 1,
        Domain = domain,
        Method = CollectionMethod.Atrn,
        Account = "branch",
        From = "192.0.2.1",
        StartedAt = TestDatabase.Start.AddMinutes(minutes),
    };

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_newest_record_of_each_domain_is_the_last()
    {
        CollectionRecord[] first = [NewRecord("a.example", 0), NewRecord("b.example", 0)];
        await Collections.AddAsync(first, Stop);
        var second = NewRecord("a.example", 1);
        await Collections.AddAsync([second], Stop);
        (second.EndedAt, second.Delivered, second.Deferred, second.Failed, second.Bytes, second.End) = (TestDatabase.Start.AddMinutes(2), 3, 2, 1, 999, "Done.");
        await Collections.UpdateAsync([second], Stop);

        var last = await Collections.LastAsync(1, Stop);
        Assert.Equivalent(second, last["a.example"], strict: true);
        Assert.Equivalent(first[1], last["b.example"], strict: true);
        Assert.Equal([second.Id, first[0].Id], (await Collections.ListAsync(1, "a.example", long.MaxValue, 5, Stop)).Select(c => c.Id));
        Assert.Single(await Collections.ListAsync(1, "a.example", long.MaxValue, 1, Stop));
        Assert.Equal([first[0].Id], (await Collections.ListAsync(1, "a.example", second.Id, 5, Stop)).Select(c => c.Id));
        Assert.Equal(2, await Collections.CountAsync(1, "a.example", Stop));
        Assert.Empty(await Collections.LastAsync(2, Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_was_cut_off_is_closed_and_what_is_old_is_purged()
    {
        var record = NewRecord("a.example", 0);
        await Collections.AddAsync([record], Stop);
        await Collections.PurgeAsync(TestDatabase.Start.AddDays(9), Stop);
        await Collections.CloseInterruptedAsync(TestDatabase.Start.AddMinutes(5), Stop);
        var closed = (await Collections.LastAsync(1, Stop))["a.example"];
        Assert.Equal(TestDatabase.Start.AddMinutes(5), closed.EndedAt);
        Assert.NotNull(closed.End);
        await Collections.PurgeAsync(TestDatabase.Start.AddMinutes(5), Stop);
        Assert.Single(await Collections.LastAsync(1, Stop));
        await Collections.PurgeAsync(TestDatabase.Start.AddMinutes(6), Stop);
        Assert.Empty(await Collections.LastAsync(1, Stop));
    }
}
