using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Settings;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Tests.Reports;

public sealed class ReportRulesTests
{
    const DsnNotify All = DsnNotify.Success | DsnNotify.Failure | DsnNotify.Delay;

    /// <summary>What happened, what the sender asked for, and what it is told: F failed, E expired, L late, D delivered, R relayed.</summary>
    [Theory]
    [InlineData(DsnNotify.Unspecified, "F E L - - -")]
    [InlineData(DsnNotify.Never, "- - - - - -")]
    [InlineData(DsnNotify.Failure, "F E - - - -")]
    [InlineData(DsnNotify.Delay, "- - L - - -")]
    [InlineData(DsnNotify.Success, "- - - D R -")]
    [InlineData(DsnNotify.Success | DsnNotify.Failure, "F E - D R -")]
    [InlineData(DsnNotify.Failure | DsnNotify.Delay, "F E L - - -")]
    [InlineData(All, "F E L D R -")]
    public void A_sender_is_told_what_it_asked_for(DsnNotify notify, string expected)
    {
        var recipient = ReportSamples.NewRecipient("bob@away.example", notify);
        Settlement[] ends =
        [
            ReportSamples.NewSettlement(RecipientState.Failed),
            ReportSamples.NewSettlement(RecipientState.Expired),
            ReportSamples.NewSettlement(RecipientState.Queued),
            ReportSamples.NewSettlement(RecipientState.Delivered),
            ReportSamples.NewSettlement(RecipientState.Delivered) with { HostReports = false },
            ReportSamples.NewSettlement(RecipientState.Delivered) with { HostReports = true },
        ];
        Assert.Equal(expected, string.Join(' ', ends.Select(end => Letter(KindOf(ReportSamples.NewMessage(), recipient, end)))));
        Assert.All(ends, end => Assert.Null(KindOf(ReportSamples.NewMessage(from: ""), recipient, end)));
    }

    static ReportKind? KindOf(Message message, Recipient recipient, Settlement end) =>
        ReportRules.KindOf(message, recipient, end, SettingValues.Defaults, message.ReceivedAt.AddHours(12));

    static char Letter(ReportKind? kind) => kind switch
    {
        null => '-',
        ReportKind.Delayed => 'L',
        { } other => other.ToString()[0],
    };

    [Fact]
    public void What_is_held_or_was_told_before_or_is_younger_is_not_late()
    {
        var message = ReportSamples.NewMessage();
        var recipient = ReportSamples.NewRecipient("bob@away.example");
        Assert.Null(KindOf(message, recipient, ReportSamples.NewSettlement(RecipientState.Held)));
        Assert.Null(ReportRules.KindOf(message, recipient, ReportSamples.NewSettlement(RecipientState.Queued), SettingValues.Defaults, message.ReceivedAt.AddHours(12).AddSeconds(-1)));
        Assert.Null(ReportRules.KindOf(message, recipient, ReportSamples.NewSettlement(RecipientState.Queued), SettingValues.ForSite("""{"delayNotificationAfter": "PT0S"}"""), message.ReceivedAt.AddDays(9)));
        recipient.DelayReportedAt = message.ReceivedAt;
        Assert.Null(KindOf(message, recipient, ReportSamples.NewSettlement(RecipientState.Queued)));
    }

    [Theory]
    [InlineData(9, 13, 12)]
    [InlineData(9, 11, 11)]
    [InlineData(9, 12, 12)]
    [InlineData(12, 16, 16)]
    [InlineData(13, 17, 17)]
    public void The_next_attempt_is_not_later_than_the_notice(int nowHours, int dueHours, int expectedHours)
    {
        var message = ReportSamples.NewMessage();
        var recipient = ReportSamples.NewRecipient("bob@away.example");
        var start = message.ReceivedAt;
        Assert.Equal(start.AddHours(expectedHours), ReportTimes.Cap(start.AddHours(dueHours), start.AddHours(nowHours), message, recipient, SettingValues.Defaults));
        Assert.Equal(start.AddHours(dueHours), ReportTimes.Cap(start.AddHours(dueHours), start.AddHours(nowHours), ReportSamples.NewMessage(from: ""), recipient, SettingValues.Defaults));
    }

    [Theory]
    [InlineData("550 5.1.1 x", "no such mailbox at away.example")]
    [InlineData("550 5.1.2 x", "may not exist")]
    [InlineData("552 5.2.2 x", "full")]
    [InlineData("552 5.3.4 x", "too large")]
    [InlineData("550 5.7.1 Relaying denied", "does not pass on mail")]
    [InlineData("554 5.7.1 Spam", "unwanted mail")]
    [InlineData("554 5.4.6 x", "circle")]
    [InlineData("550 5.7.26 x", "SPF")]
    [InlineData("550 whatever", "refused the message")]
    [InlineData(null, "refused the message")]
    public async Task A_person_reads_what_is_the_matter(string? reply, string words)
    {
        var report = ReportSamples.All["failed"].Report with { Recipients = [ReportSamples.Reported("bob@away.example", RecipientState.Failed, reply)] };
        var text = ReportSamples.TextOf(ReportSamples.Parse(await ReportSamples.WriteAsync(report, null)));
        Assert.Contains(words, string.Join(' ', text.Split([' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        if (reply is not null) Assert.Contains(reply, text, StringComparison.Ordinal);
    }
}
