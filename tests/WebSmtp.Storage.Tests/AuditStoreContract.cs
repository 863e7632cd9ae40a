using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Tests;

public abstract class AuditStoreContract : StorageContract
{
    IAuditStore Record => Database.Get<IAuditStore>();
    IAccessStore Access => Database.Get<IAccessStore>();

    static AuditEntry New(int minute, string actor, string action, string subject, string? refusal = null)
    {
        var at = TestDatabase.Start.AddMinutes(minute);
        return new()
        {
            Id = MessageId.AtOrAfter(at).Value, At = at, Actor = actor, Role = Role.Operator, From = "192.0.2.1", Through = Door.CommandLine,
            Action = action, Subject = subject, Before = """{"a":1}""", After = """{"a":2}""", Refusal = refusal,
        };
    }

    async Task<string> FindAsync(AuditFilter filter, long before = long.MaxValue, int limit = 10) =>
        string.Join(' ', (await Record.ListAsync(filter, before, limit, Stop)).Select(entry => entry.At.Minute));

    async Task FillAsync() => await Record.AddAsync(
        [
            New(1, "Anna", "create", "sites/2"), New(2, "anna", "change", "sites/2/domains/test.com"), New(3, "otto", "stop", "sites/20"),
            New(4, "otto", "delete", "sites/2", "No."), New(5, "Anna", "create", "accounts/TestServer"),
        ], Stop);

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Entries_come_back_whole_newest_first_and_page_by_page()
    {
        var entry = New(9, "Anna", "read content", "messages/0", "Why.");
        await Record.AddAsync([entry], Stop);
        Assert.Equivalent(entry, Assert.Single(await Record.ListAsync(new(), long.MaxValue, 10, Stop)), strict: true);
        await FillAsync();
        Assert.Equal("9 5 4", await FindAsync(new(), limit: 3));
        Assert.Equal("3 2", await FindAsync(new(), before: New(4, "", "", "").Id, limit: 2));
        Assert.Equal((6, 4), (await Record.CountAsync(new(), 100, Stop), await Record.CountAsync(new(), 4, Stop)));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task They_are_found_by_person_thing_act_outcome_and_time()
    {
        await FillAsync();
        Assert.Equal("5 2 1", await FindAsync(new(Actor: "ANNA")));
        Assert.Equal("4 2 1", await FindAsync(new(Subject: "sites/2")));
        Assert.Equal("2", await FindAsync(new(Subject: "Sites/2/Domains")));
        Assert.Equal("5", await FindAsync(new(Subject: "accounts/testserver")));
        Assert.Equal("5 1", await FindAsync(new(Action: "create")));
        Assert.Equal(("4", "5 3 2 1"), (await FindAsync(new(Refused: true)), await FindAsync(new(Refused: false))));
        Assert.Equal("3 2", await FindAsync(new(From: TestDatabase.Start.AddMinutes(2), To: TestDatabase.Start.AddMinutes(4))));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_oldest_go_in_pieces_and_how_long_they_are_kept_is_remembered()
    {
        await FillAsync();
        Assert.Equal(2, await Record.PurgeAsync(TestDatabase.Start.AddMinutes(4), 2, Stop));
        Assert.Equal(1, await Record.PurgeAsync(TestDatabase.Start.AddMinutes(4), 2, Stop));
        Assert.Equal("5 4", await FindAsync(new()));
        Assert.Null(await Record.ReadDaysAsync(Stop));
        await Record.WriteDaysAsync(30, Stop);
        await Record.WriteDaysAsync(60, Stop);
        Assert.Equal(60, await Record.ReadDaysAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Users_are_listed_counted_and_deleted_and_their_last_log_in_makes_no_copy_stale()
    {
        foreach (var (name, role) in new[] { ("bob", Role.Viewer), ("Anna", Role.Administrator), ("carl", Role.Operator) })
            Assert.True(await Access.AddUserAsync(new() { Username = name, Role = role, PasswordHash = "h", SecurityStamp = "s" }, Stop));
        Assert.False(await Access.AddUserAsync(new() { Username = "BOB", PasswordHash = "h", SecurityStamp = "s" }, Stop));
        var all = await Access.ListUsersAsync(null, 10, Stop);
        Assert.Equal(["Anna", "bob", "carl"], all.Select(user => user.Username));
        Assert.Equal(["bob"], (await Access.ListUsersAsync("anna", 1, Stop)).Select(user => user.Username));
        Assert.Equal((3, 1), (await Access.CountUsersAsync(Stop), await Access.CountAdministratorsAsync(Stop)));
        await Access.SetLastLogInAsync(all[1].Id, TestDatabase.Start, Stop);
        Assert.Equal(TestDatabase.Start, (await Access.FindUserAsync("bob", Stop))!.LastLogInAt);
        Assert.True(await Access.UpdateUserAsync(all[1], Stop));
        await Access.DeleteUserAsync(all[1].Id, Stop);
        Assert.Null(await Access.FindUserAsync("bob", Stop));
    }
}
