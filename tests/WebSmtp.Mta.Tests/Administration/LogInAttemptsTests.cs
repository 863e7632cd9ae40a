using Microsoft.Extensions.Time.Testing;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Tests.Administration;

public class LogInAttemptsTests
{
    readonly FakeTimeProvider _time = new();
    readonly LogInAttempts _attempts;

    public LogInAttemptsTests() => _attempts = new(_time);

    bool Try(string user = "admin", string from = "192.0.2.1") => _attempts.TryBegin(user, from);

    [Fact]
    public void Each_failure_doubles_the_wait_up_to_five_minutes()
    {
        for (var i = 0; i < LogInAttempts.Free; i++) Assert.True(Try());
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300 })
        {
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
            Assert.False(Try(), $"before {seconds} s");
            _time.Advance(TimeSpan.FromTicks(1));
            Assert.True(Try(), $"after {seconds} s");
        }
    }

    [Fact]
    public void Many_attempts_at_once_are_not_all_the_first()
    {
        var begun = Enumerable.Range(0, 20).Count(_ => Try());
        Assert.Equal(LogInAttempts.Free, begun);
    }

    [Fact]
    public void Success_and_silence_make_a_new_beginning()
    {
        for (var i = 0; i < LogInAttempts.Free; i++) Try();
        _attempts.Succeeded("ADMIN", "192.0.2.1");
        for (var i = 0; i < LogInAttempts.Free; i++) Assert.True(Try());
        _time.Advance(TimeSpan.FromSeconds(1) + LogInAttempts.LongestDelay);
        for (var i = 0; i < LogInAttempts.Free; i++) Assert.True(Try());
        Assert.False(Try());
    }

    [Fact]
    public void Users_and_addresses_are_counted_apart_and_users_without_case()
    {
        for (var i = 0; i < LogInAttempts.Free; i++) Try();
        Assert.False(Try("Admin"));
        Assert.True(Try(from: "192.0.2.2"));
        Assert.True(Try("other"));
    }

    [Fact]
    public void Made_up_names_do_not_fill_the_memory_nor_free_who_is_waiting()
    {
        for (var i = 0; i < 15; i++)
        {
            Try();
            _time.Advance(_attempts.Of("admin", "192.0.2.1").Delay);
        }
        Try();
        for (var i = 0; i < 10_500; i++) Try($"made-up-{i}", $"2001:db8::{i:x}");
        Assert.False(Try());
        Assert.Equal((0, TimeSpan.Zero), _attempts.Of("made-up-0", "2001:db8::0"));
    }

    [Fact]
    public void One_address_cannot_go_through_all_names_and_others_do_not_suffer_for_it()
    {
        for (var i = 0; i < LogInAttempts.FreeOfAddress; i++) Assert.True(_attempts.TryBegin($"user{i}", "192.0.2.1"));
        Assert.False(_attempts.TryBegin("one more", "192.0.2.1"));
        Assert.True(_attempts.TryBegin("one more", "192.0.2.2"));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_attempts.TryBegin("anna", "192.0.2.1"));
        _attempts.Succeeded("anna", "192.0.2.1");
        Assert.True(_attempts.TryBegin("anna", "192.0.2.1"));
        Assert.False(_attempts.TryBegin("bert", "192.0.2.1"));
    }
}
