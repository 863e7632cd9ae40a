using WebSmtp.Mta.Collection;

namespace WebSmtp.Mta.Tests.Collection;

/// <summary>How often a host comes, and when it is overdue.</summary>
public sealed class HabitTests
{
    static readonly DateTimeOffset Start = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    static CollectionHabit? Of(CollectionMethod method, params IEnumerable<DateTimeOffset> contacts) => CollectionHabit.Of(
        [.. contacts.OrderDescending().Select(at => new CollectionRecord { Domain = "d.example", From = "192.0.2.1", Method = method, StartedAt = at })]);

    [Fact]
    public void Three_intervals_make_a_habit_and_orders_of_our_own_none()
    {
        var hourly = Enumerable.Range(0, 4).Select(hour => Start.AddHours(hour)).ToList();
        Assert.Null(Of(CollectionMethod.Turn, hourly.Take(3)));
        Assert.Null(Of(CollectionMethod.Operator, hourly));
        var habit = Of(CollectionMethod.Turn, hourly)!;
        Assert.Equal((Start.AddHours(3), TimeSpan.FromHours(1), Start.AddHours(5)), (habit.Last, habit.Usual, habit.OverdueAt));
    }

    [Fact]
    public void Collections_in_a_row_are_one_visit()
    {
        var visits = Enumerable.Range(0, 4).SelectMany(hour => new[] { Start.AddHours(hour), Start.AddHours(hour).AddSeconds(5), Start.AddHours(hour).AddSeconds(9) });
        Assert.Equal(TimeSpan.FromHours(1), Of(CollectionMethod.Etrn, visits)!.Usual);
    }

    [Fact]
    public void A_host_that_sleeps_at_night_is_not_overdue_in_the_morning()
    {
        var visits = Enumerable.Range(0, 8).SelectMany(day => Enumerable.Range(0, 11).Select(hour => Start.AddDays(day).AddHours(hour)));
        var habit = Of(CollectionMethod.Turn, visits)!;
        Assert.Equal(TimeSpan.FromHours(1), habit.Usual);
        Assert.True(habit.OverdueAt > Start.AddDays(8));
        Assert.True(habit.OverdueAt < Start.AddDays(9));
    }
}
