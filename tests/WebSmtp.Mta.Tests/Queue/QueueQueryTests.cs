using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Queue;

public sealed class QueueQueryTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Terms_are_read_and_written_as_they_were()
    {
        var query = QueueQuery.Read("""  from:alice SIZE>1M subject:"order 7" older:2h bob@test.com <1@example.org> """).Value!;

        Assert.Equal("""from:alice size>1M subject:"order 7" older:2h to:bob@test.com msgid:<1@example.org>""", query.ToString());
        Assert.Equal(query.ToString(), QueueQuery.Read(query.ToString()).Value!.ToString());
        Assert.Equal("from:bob", QueueQuery.Read("from:alice").Value!.With("from", "bob").ToString());
    }

    [Theory]
    [InlineData("nonsense:1", "nonsense:")]
    [InlineData("state:lost", "queued, retry, waiting, held")]
    [InlineData("older:soon", "30m, 2h")]
    [InlineData("size>big", "k, M or G")]
    [InlineData("client:somewhere", "IP address")]
    [InlineData("from:", "from:alice")]
    [InlineData("from:a from:b", "twice")]
    [InlineData("id:7", "numbers of messages")]
    public void A_term_that_is_wrong_is_named_with_what_can_stand_there(string text, string expected)
    {
        var problem = QueueQuery.Read(text).Problem!;

        Assert.Contains(expected, problem.Detail, StringComparison.Ordinal);
        Assert.True(problem.Errors.ContainsKey("q"));
    }

    [Fact]
    public void A_number_of_a_message_and_words_by_themselves_are_understood()
    {
        var id = new MessageId(123456789L << 22).ToString();
        Assert.Equal($"id:{id}", QueueQuery.Read(id).Value!.ToString());
        Assert.Equal("subject:invoice", QueueQuery.Read("invoice").Value!.ToString());
        Assert.NotNull(QueueQuery.Read(new string('x', QueueQuery.MaxLength + 1)).Problem);
    }

    [Fact]
    public void A_site_that_is_not_there_is_named()
    {
        var sites = new SiteRegistry();
        Assert.Empty(QueueQuery.Read("state:held").Value!.Filters(sites, Now).Value!);
        Assert.Contains("site:7", QueueQuery.Read("site:7").Value!.Filters(sites, Now).Problem!.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("newer:2h", "2026-11-27T10:00:00Z")]
    [InlineData("newer:2026-11-22T09:30Z", "2026-11-22T09:30:00Z")]
    [InlineData("newer:2026-11-22T09:30:15+01:00", "2026-11-22T08:30:15Z")]
    [InlineData("newer:2026-11-21", "2026-11-21T00:00:00Z")]
    public async Task Since_when_is_so_long_ago_or_a_time(string text, string since)
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        var filter = Assert.Single(QueueQuery.Read(text).Value!.Filters(bench.Sites, Now).Value!);
        Assert.Equal(DateTimeOffset.Parse(since, System.Globalization.CultureInfo.InvariantCulture), filter.ReceivedAfter);
    }
}
