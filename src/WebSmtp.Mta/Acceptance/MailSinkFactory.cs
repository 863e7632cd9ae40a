using System.Net;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Statistics;
using WebSmtp.Mta.Trace;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>Makes the sink of each session. Thread-safe.</summary>
public sealed class MailSinkFactory(
    SiteRegistry sites, IQueueStore queue, Spool spool, MessageIds ids, HeldQuota quota, DropQuota dropQuota, FreeSpace space,
    AccountOperations accounts, Collections collections, Scheduler scheduler, RejectionLog rejections, Traffic traffic, EventStream events,
    TimeProvider time, ILogger<MailSinkFactory> log)
{
    internal SiteRegistry Sites => sites;
    internal IQueueStore Queue => queue;
    internal Spool Spool => spool;
    internal MessageIds Ids => ids;
    internal HeldQuota Quota => quota;
    internal DropQuota DropQuota => dropQuota;
    internal FreeSpace Space => space;
    internal AccountOperations Accounts => accounts;
    internal Collections Collections => collections;
    internal Scheduler Scheduler => scheduler;
    internal RejectionLog Rejections => rejections;
    internal TimeProvider Time => time;
    internal ILogger Logger => log;

    /// <param name="site">As it is when the connection is accepted; the session keeps it.</param>
    public IMailSink Create(SiteSnapshot site) => new MailSink(this, site);

    /// <summary>For mail that the site collects from elsewhere.</summary>
    internal IMailSink CreateCollected(SiteSnapshot site, RecipientRule rule) => new MailSink(this, site, rule);

    /// <summary>A connection was refused before there was a session.</summary>
    public void Refused(SiteSnapshot site, EndPoint remote, Reply reply) =>
        rejections.Record(site, new() { ClientAddress = MailSink.TextOf(remote), Stage = "CONNECT", Reply = reply.ToString() });

    /// <summary>A message is on disk: whoever waits for such is told.</summary>
    internal void Accepted(Message message)
    {
        if (message.Recipients.Exists(recipient => recipient.State is RecipientState.Queued)) scheduler.Wake();
        traffic.Accepted(message.SiteId, message.Size);
        Log.Accepted(log, new MessageId(message.Id).ToString(), message.ClientAddress, message.Recipients.Count, message.Size);
        if (!events.HasReaders) return;
        foreach (var recipient in message.Recipients.DistinctBy(recipient => recipient.Domain))
        {
            var what = recipient.State is RecipientState.Held ? "held" : "queued";
            events.Publish(new MessageEvent(message.ReceivedAt, message.SiteId, new MessageId(message.Id).ToString(), what, recipient.Domain));
        }
    }
}
