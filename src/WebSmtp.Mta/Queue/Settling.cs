using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Statistics;

namespace WebSmtp.Mta.Queue;

/// <summary>
/// Writes results before anything more is offered: a crash repeats only what was not answered. An end and the report that
/// tells its sender are one commit, so that neither is ever there without the other, and no report twice. Others that
/// settle at the same moment share the commit. Thread-safe.
/// </summary>
public sealed class Settling(
    IQueueStore queue, Spool spool, SenderReports reports, Traffic traffic, EventStream events, TimeProvider time, ILogger<Settling> log)
{
    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>Called when reports were put into the queue that are due at once.</summary>
    internal Action? MailQueued { get; set; }

    /// <summary>What became of one message: its sender is told where that is due.</summary>
    internal Task WriteAsync(LeasedMessage message, IReadOnlyList<Settlement> results, CancellationToken stopping) => WriteAsync([message], results, stopping);

    /// <summary>Results that end nothing: nobody is told.</summary>
    internal Task WriteAsync(IReadOnlyList<Settlement> results, CancellationToken stopping) => WriteAsync([], results, stopping);

    /// <summary>
    /// Never gives up on a store in trouble while the program runs: a message that a host took and that is not written
    /// down as taken would be offered again. Throws nothing.
    /// </summary>
    /// <param name="messages">The messages of the results.</param>
    /// <param name="stopping">The program ends.</param>
    internal async Task WriteAsync(IReadOnlyList<LeasedMessage> messages, IReadOnlyList<Settlement> results, CancellationToken stopping)
    {
        while (results.Count > 0)
        {
            try
            {
                await SettleAsync(messages, results);
                return;
            }
            catch (Exception e)
            {
                Log.NotSettled(log, e, results.Count);
                // A bug would only repeat itself.
                if (e is not (QueueFullException or QueueUnavailableException or IOException or UnauthorizedAccessException)) return;
            }
            try
            {
                await Task.Delay(RetryAfter, time, stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    async Task SettleAsync(IReadOnlyList<LeasedMessage> messages, IReadOnlyList<Settlement> results)
    {
        await using var ends = await reports.PrepareAsync(messages, results);
        try
        {
            spool.Delete(await queue.SettleAsync(ends.Settlements, ends.Reports));
            ends.Keep();
        }
        catch (QueueUnavailableException)
        {
            // It may have been written all the same, when only the answer was lost.
            ends.Keep();
            throw;
        }
        foreach (var result in results)
        {
            // Those of one call are nearly always of one message.
            var message = messages.FirstOrDefault(message => message.Message.Id == result.MessageId.Value)?.Message;
            if (message is not null) traffic.Settled(message.SiteId, result);
        }
        foreach (var report in ends.Reports)
        {
            traffic.Accepted(report.Message.SiteId, report.Message.Size);
            Announce(report.Message);
        }
    }

    void Announce(Message report)
    {
        if (report.Recipients.Exists(recipient => recipient.State is RecipientState.Queued)) MailQueued?.Invoke();
        if (!events.HasReaders) return;
        foreach (var recipient in report.Recipients)
        {
            var what = recipient.State is RecipientState.Held ? "held" : "queued";
            events.Publish(new MessageEvent(report.ReceivedAt, report.SiteId, new MessageId(report.Id).ToString(), what, recipient.Domain));
        }
    }
}
