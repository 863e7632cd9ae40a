using WebSmtp.Mta.Watching;

namespace WebSmtp.Mta.Tests.Watching;

/// <summary>What is kept of a conversation, and how much.</summary>
public sealed class ConversationTests
{
    static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    static ConversationLine Line(string text, Speaker speaker = Speaker.Client, bool ours = false) => new(At, speaker, ours, text);

    [Fact]
    public void The_first_lines_and_the_last_are_kept_and_what_is_between_is_counted()
    {
        var budget = new ConversationBudget();
        var said = new Conversation(budget);
        for (var i = 1; i <= 500; i++) said.Add(Line($"line {i}"));

        var copy = said.Copy();

        Assert.Equal(("line 1", "line 500"), (copy.First[0].Text, copy.Last[^1].Text));
        Assert.Equal(500, copy.First.Count + copy.LeftOut + copy.Last.Count);
        Assert.True(copy.LeftOut > 0);
        said.Forget();
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public void Long_lines_are_bounded_by_their_bytes()
    {
        var budget = new ConversationBudget();
        var said = new Conversation(budget);
        for (var i = 0; i < 10_000; i++) said.Add(Line(new string('x', 500)));

        Assert.InRange(budget.Used, 1, 64 * 1024);
        Assert.Equal(10_000, said.Copy().First.Count + said.Copy().LeftOut + said.Copy().Last.Count);
    }

    [Fact]
    public void All_together_take_no_more_than_the_budget()
    {
        var budget = new ConversationBudget(1000);
        var (one, two) = (new Conversation(budget), new Conversation(budget));
        for (var i = 0; i < 100; i++)
        {
            one.Add(Line("one"));
            two.Add(Line("two"));
        }

        Assert.InRange(budget.Used, 1, 1000);
        Assert.True(two.Copy().LeftOut > 0);
        one.Forget();
        two.Add(Line("again"));
        Assert.Equal("again", two.Copy().First.Concat(two.Copy().Last).Last().Text);
    }

    [Fact]
    public void Conversations_that_are_over_give_way_to_new_ones()
    {
        var budget = new ConversationBudget(10_000);
        var over = new List<Conversation>();
        while (budget.Used <= 8_000)
        {
            var said = new Conversation(budget);
            said.Add(Line("over"));
            over.Add(said);
        }

        budget.Relieve(over);

        Assert.InRange(budget.Used, 4_000, 5_000);
        Assert.Null(over[0].Find());
        Assert.Equal("over", over[^1].Find()!.First.Single().Text);
    }

    [Fact]
    public void It_tells_once_that_there_is_something_new_since_it_was_read()
    {
        var told = 0;
        var said = new Conversation(new(), () => told++);
        said.Add(Line("nobody has looked yet"));
        Assert.Equal(0, told);
        said.Copy();
        said.Add(Line("one"));
        said.Add(Line("two"));
        Assert.Equal(1, told);
    }

    [Fact]
    public void What_is_stored_is_read_again()
    {
        var copy = new ConversationCopy(
            [Line("220 hub", Speaker.Server, ours: true), Line("~ 7 EHLO\u00fc")], 12, [Line("It broke.", Speaker.Note, ours: true), Line("452 full", Speaker.Server)]);

        var read = ConversationCopy.Parse(copy.ToText());

        Assert.Equal(copy.First, read.First);
        Assert.Equal(copy.Last, read.Last);
        Assert.Equal(12, read.LeftOut);
        Assert.True(read.Last[1].IsError);
        Assert.True(ConversationCopy.Parse("no\nsense 12\n1 C").IsEmpty);
    }
}
