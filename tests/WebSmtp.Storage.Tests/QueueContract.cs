using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Tests;

/// <summary>What the tests of the queue share: messages to put in, and a look at the tables themselves.</summary>
public abstract class QueueContract : StorageContract
{
    MessageIds _ids = null!;

    protected IQueueStore Queue => Database.Queue;
    protected DateTimeOffset Now => Database.Clock.GetUtcNow();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _ids = new(Database.Clock, 1);
    }

    protected Message NewMessage(int siteId, params ReadOnlySpan<Recipient> recipients) => new()
    {
        Id = _ids.Next().Value,
        SiteId = siteId,
        ReceivedAt = Now,
        ClientAddress = "192.0.2.1",
        HeloName = "client.example",
        Protocol = "ESMTP",
        MailFrom = "sender@example.org",
        Size = 1000,
        Subject = "Of general interest",
        Recipients = [.. recipients],
    };

    protected static Recipient Held(string address) => new() { Address = address, Domain = address.Split('@')[1], State = RecipientState.Held };

    protected static Recipient Due(string address, DateTimeOffset dueAt) =>
        new() { Address = address, Domain = address.Split('@')[1], State = RecipientState.Queued, DueAt = dueAt };

    protected async Task<Message> CommitAsync(int siteId, params Recipient[] recipients)
    {
        var message = NewMessage(siteId, recipients);
        await Queue.CommitAsync(message, new byte[message.Size]);
        return message;
    }

    protected Lease NewLease(string owner = "node1/a") => new(owner, Now.AddMinutes(10));

    protected static Settlement Settle(LeasedMessage leased, Recipient entry, RecipientState state, DateTimeOffset? dueAt = null, string? reply = "250 2.0.0 Taken") =>
        new(entry.Id, new(leased.Message.Id), entry.Lease!, state, dueAt, reply, state == RecipientState.Delivered ? "mx.example" : null,
            CountsAsAttempt: true, new TraceEvent { Event = state == RecipientState.Delivered ? "delivered" : "deferred", Reply = reply });

    /// <summary>Mail of the server's own that tells of a result.</summary>
    protected NewReport NewReport(Settlement about, Recipient to)
    {
        var message = NewMessage(1, to);
        (message.MailFrom, message.Size) = ("", 500);
        return new(message, new byte[500], about.MessageId, [about.RecipientId], new() { Event = "reported", Detail = $"Failure report {new MessageId(message.Id)}" });
    }

    protected Task<IReadOnlyList<string>> SettleAsync(IEnumerable<LeasedMessage> leased, RecipientState state, DateTimeOffset? dueAt = null) =>
        Queue.SettleAsync([.. leased.SelectMany(l => l.Recipients.Select(r => Settle(l, r, state, dueAt)))]);

    protected async Task<Message> ReadAsync(Message message) => (await Queue.FindAsync(new(message.Id), Stop))!;

    protected async Task<string> EventsAsync(Message message) =>
        string.Join(' ', (await Queue.TraceAsync(new(message.Id), Stop)).Select(t => t.Event));

    /// <summary>Totals, counts and contents must be what the entries themselves say.</summary>
    protected async Task AssertInStepAsync()
    {
        await using var db = await Database.ContextAsync();
        var messages = await db.Messages.AsNoTracking().Include(m => m.Recipients).ToListAsync(Stop);
        foreach (var message in messages) Assert.Equal(message.Recipients.Count(r => r.SettledAt is null), message.LiveRecipients);
        foreach (var entry in messages.SelectMany(m => m.Recipients))
        {
            Assert.Equal(entry.State is RecipientState.Delivered or RecipientState.Failed or RecipientState.Expired or RecipientState.Deleted, entry.SettledAt is not null);
            Assert.Equal(entry.State == RecipientState.Delivering, entry.Lease is not null && entry.LeaseUntil is not null && entry.LeasedFrom is not null);
            Assert.Equal(entry.State == RecipientState.Queued, entry.DueAt is not null);
            Assert.Equal(entry.SiteId, messages.Single(m => m.Id == entry.MessageId).SiteId);
        }
        var expected = messages
            .SelectMany(m => m.Recipients.Where(r => r.SettledAt is null).Select(r => (m.SiteId, r.Domain)).Distinct().Select(key => (key.SiteId, key.Domain, m.Size)))
            .GroupBy(d => (d.SiteId, d.Domain)).Select(g => (g.Key.SiteId, g.Key.Domain, g.LongCount(), g.Sum(d => d.Size))).Order();
        var stored = (await db.Destinations.AsNoTracking().ToListAsync(Stop)).Select(d => (d.SiteId, d.Domain, d.Messages, d.Bytes)).Order();
        Assert.Equal(expected, stored);
        Assert.Equal(
            messages.Where(m => m.LiveRecipients > 0).Select(m => m.Id).Order(),
            (await db.Contents.AsNoTracking().Select(c => c.MessageId).ToListAsync(Stop)).Order());
    }
}
