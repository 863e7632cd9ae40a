using System.Text;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>
/// One message from the end of its envelope to its 250: our trace field in front, the limits that can only be seen in the
/// content, and the commit. What was not committed leaves nothing behind.
/// </summary>
sealed class IncomingMessage : IncomingContent
{
    readonly MailSinkFactory _acceptance;
    readonly SiteSnapshot _site;
    readonly IReadOnlyList<HeldDestination> _held;
    readonly List<QuotaPlace> _places;
    readonly HeaderScanner _header = new();
    readonly SpoolFile _content;
    readonly Message _message;
    readonly long _maxHops;
    readonly long _maxBytes;
    readonly int _traceBytes;
    Reply? _refusal;

    /// <param name="recipients">As they are stored, each once.</param>
    public IncomingMessage(
        MailSinkFactory acceptance, SiteSnapshot site, Origin origin, MailAddress from, MailParameters parameters,
        IReadOnlyList<EnvelopeRecipient> recipients, IReadOnlyList<HeldDestination> held, MessageId id)
    {
        _acceptance = acceptance;
        _site = site;
        _held = held;
        _places = [.. held.Select(destination => destination.Place)];
        _maxHops = site.Settings.Get(SettingsTable.MaxHops);
        _maxBytes = SmallestLimit(site, recipients);

        var now = acceptance.Time.GetUtcNow();
        _message = MessageOf(origin, from, parameters, id, now);
        _message.Recipients.AddRange(recipients.Select(recipient => RecipientOf(recipient, id)));
        _message.LiveRecipients = recipients.Count;
        if (origin.IsSmtp) _message.Policy = RelayDecision.Policy(site, recipients, origin.Client, origin.Account is not null);

        // A number of its own where the message's is old: whatever has an old number is swept at start.
        _content = acceptance.Spool.Begin(site.Folders.Queue, origin.IsSmtp ? id : acceptance.Ids.Next());
        _traceBytes = Write(origin.ReceivedFieldAt(site.HostName, id, recipients.Count == 1 ? recipients[0].Address : null, now));
    }

    /// <summary>What was seen of the header so far.</summary>
    public HeaderScanner Header => _header;

    public static Reply TooLarge(long most) => new(552, 5, 3, 4, $"Message size exceeds the limit of {most} bytes");

    public MessageId Id => new(_message.Id);

    /// <summary>The kept smart host that it goes over, whatever the routes say. Before the commit.</summary>
    public string? ViaSmartHost { get; set; }

    /// <summary>For content that nobody declared: what it turned out to hold. Before the commit.</summary>
    public void Declare(BodyType body) => _message.Body = body;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _content.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int count)
    {
        // After a refusal the rest of the message is read but not kept.
        if (_refusal is null) _header.Read(_content.Advance(count));
    }

    public override async ValueTask<Reply?> FlushAsync(CancellationToken stop)
    {
        if (_refusal is not null) return _refusal;
        if (_header.ReceivedFields > _maxHops) return await RefuseAsync(new(554, 5, 4, 6, "Too many hops: the message goes round in a circle"));
        if (_maxBytes > 0 && _content.Length - _traceBytes > _maxBytes) return await RefuseAsync(TooLarge(_maxBytes));
        try
        {
            await _content.FlushAsync(stop);
            return null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return await RefuseAsync(OwnTrouble(e));
        }
    }

    public override async ValueTask<Reply> CommitAsync()
    {
        if (await FlushAsync(CancellationToken.None) is { } refusal) return refusal;
        FreshMail? fresh;
        ReadOnlyMemory<byte>? content;
        try
        {
            if (await GrownTooMuchAsync()) return await RefuseAsync(new(452, 4, 2, 2, "Too much mail waits for this domain, try again later"));

            _message.Size = _content.Length;
            _message.Subject = _header.Subject;
            _message.HeaderMessageId = _header.MessageId;
            var site = Enqueue();
            _message.ContentPath = await _content.CompleteAsync();
            // A copy, for the buffer goes back: the store and the delivery share it.
            content = _message.ContentPath is null ? _content.InMemory.ToArray() : default(ReadOnlyMemory<byte>?);
            fresh = _acceptance.Scheduler.Lease(site, _message);
            await _acceptance.Queue.CommitAsync(_message, content);
        }
        catch (Exception e)
        {
            return await RefuseAsync(OwnTrouble(e));
        }
        _content.Keep();
        await DisposeAsync();
        _acceptance.DropQuota.Accepted(_site, _message);
        _acceptance.Accepted(_message);
        if (fresh is not null) _acceptance.Scheduler.HandOver(fresh, content);
        return new(250, 2, 6, 0, $"{new MessageId(_message.Id)} Queued");
    }

    public override ValueTask DisposeAsync()
    {
        foreach (var place in _places) place.LetGo();
        _places.Clear();
        return _content.DisposeAsync();
    }

    async ValueTask<Reply> RefuseAsync(Reply refusal)
    {
        _refusal = refusal;
        await DisposeAsync();
        return refusal;
    }

    Reply OwnTrouble(Exception e)
    {
        var id = new MessageId(_message.Id).ToString();
        if (DiskTrouble.IsFull(e))
        {
            Log.DiskFull(_acceptance.Logger, id);
            return new(452, 4, 3, 1, "Insufficient system storage, try again later");
        }
        Log.NotStored(_acceptance.Logger, e, id);
        return new(451, 4, 3, 0, "The message could not be stored, try again later");
    }

    /// <summary>A client that announced no size, or too small a one, may have sent more than its place in a quota.</summary>
    async ValueTask<bool> GrownTooMuchAsync()
    {
        foreach (var (rule, _, bytes) in _held)
        {
            if (_content.Length <= bytes) continue;
            if (await _acceptance.Quota.ReserveAsync(_site, rule, 0, _content.Length - bytes, CancellationToken.None) is not { } place) return true;
            _places.Add(place);
        }
        return false;
    }

    int Write(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Encoding.UTF8.GetBytes(text, _content.GetMemory(bytes).Span);
        _content.Advance(bytes);
        return bytes;
    }

    static long SmallestLimit(SiteSnapshot site, IReadOnlyList<EnvelopeRecipient> recipients)
    {
        var smallest = 0L;
        foreach (var recipient in recipients)
        {
            var limit = site.RuleFor(recipient.Address.Domain)?.Settings.Get(SettingsTable.MaxMessageSize) ?? 0;
            if (limit > 0 && (smallest == 0 || limit < smallest)) smallest = limit;
        }
        return smallest;
    }

    Message MessageOf(Origin origin, MailAddress from, MailParameters parameters, MessageId id, DateTimeOffset now) => new()
    {
        Id = id.Value,
        SiteId = _site.Id,
        ReceivedAt = now,
        ClientAddress = origin.ClientAddress,
        HeloName = origin.HeloName,
        Account = origin.Account,
        Protocol = origin.Protocol,
        Tls = origin.Tls,
        MailFrom = from.ToString(),
        Body = parameters.Body,
        SmtpUtf8 = parameters.SmtpUtf8,
        Return = parameters.Return,
        EnvelopeId = parameters.EnvelopeId,
    };

    Recipient RecipientOf(EnvelopeRecipient recipient, MessageId id) => new()
    {
        MessageId = id.Value,
        SiteId = _site.Id,
        Address = recipient.Address.ToString(),
        Domain = recipient.Address.Domain,
        Notify = recipient.Parameters.Notify,
        OriginalRecipient = recipient.Parameters.OriginalRecipient,
    };

    /// <summary>
    /// Held or due at once, by the rules of this moment: those that the session began with may be gone, and nobody would
    /// look for mail that is held for a domain that holds none.
    /// </summary>
    SiteSnapshot Enqueue()
    {
        var now = _acceptance.Time.GetUtcNow();
        var site = _acceptance.Sites.Find(_site.Id)?.Site ?? _site;
        foreach (var recipient in _message.Recipients)
        {
            recipient.ViaSmartHost = ViaSmartHost;
            var held = ViaSmartHost is null && site.RuleFor(recipient.Domain)?.IsHeld is true;
            recipient.State = held ? RecipientState.Held : RecipientState.Queued;
            recipient.DueAt = held ? null : now;
        }
        return site;
    }
}
