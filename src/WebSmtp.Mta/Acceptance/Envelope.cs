using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>
/// One envelope on its way in, through whichever door: each address completed and judged by the site's rules, and what
/// was promised of quotas kept until the content is committed or dropped. Not thread-safe.
/// </summary>
sealed class Envelope(MailSinkFactory acceptance, SiteSnapshot site)
{
    /// <summary>What a message grows by on its way in: our Received field.</summary>
    const int TraceBytes = 512;

    /// <summary>RFC 3461 section 4.2.</summary>
    const int MaxOriginalRecipient = 500;

    static readonly Reply NoRoom = new(452, 4, 3, 1, "Insufficient system storage, try again later");
    static readonly Reply QuotaFull = new(452, 4, 2, 2, "Too much mail waits for this domain, try again later");
    static readonly Reply DropFull = new(452, 4, 2, 2, "The folder of this domain is full, try again later");

    readonly Dictionary<string, HeldDestination> _held = new(StringComparer.Ordinal);
    long? _announced;

    /// <summary>A new envelope, whatever was there before. Null: there is room on the disks for a message of this size.</summary>
    public Reply? Begin(long? announced)
    {
        LetGo();
        _announced = announced;
        return acceptance.Space.Has(acceptance.Spool.DataDirectory, _announced ?? 0) && acceptance.Space.Has(site.Folders.Root, _announced ?? 0)
            ? null
            : NoRoom;
    }

    /// <summary>Null: mail for this mailbox is taken.</summary>
    /// <param name="refuse">May the sender send there: asked with the rule, which is null where none speaks of the domain, and the complete address.</param>
    public async ValueTask<Reply?> OfferAsync(MailAddress to, RecipientRule refuse, CancellationToken stop)
    {
        var address = Complete(to);
        var rule = site.RuleFor(address.Domain);
        if (refuse(rule, address) is { } refusal) return refusal;
        if (rule is null) return null;

        if (rule.Settings.Get(SettingsTable.MaxMessageSize) is > 0 and var most && _announced > most) return IncomingMessage.TooLarge(most);
        if (rule.Route.Type is RouteType.Drop) return await acceptance.DropQuota.IsFullAsync(site, rule, stop) ? DropFull : null;
        if (!rule.IsHeld || _held.ContainsKey(address.Domain)) return null;

        try
        {
            var bytes = _announced is { } size ? size + TraceBytes : 0;
            if (await acceptance.Quota.ReserveAsync(site, rule, 1, bytes, stop) is not { } place) return QuotaFull;
            _held[address.Domain] = new(rule, place, bytes);
            return null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.QuotaUnknown(acceptance.Logger, e, address.Domain);
            return new(451, 4, 3, 0, "The queue cannot be looked up, try again later");
        }
    }

    /// <summary>Takes the content of a message whose recipients were all offered before. The places in quotas go with it.</summary>
    /// <param name="id">Null: a new one.</param>
    public IncomingMessage Receive(
        Origin origin, MailAddress from, MailParameters parameters, IEnumerable<EnvelopeRecipient> recipients, MessageId? id = null)
    {
        var resolved = recipients.Select(Resolve).DistinctBy(recipient => recipient.Address).ToList();
        var held = _held.Values.ToList();
        _held.Clear();
        return new(acceptance, site, origin, from.IsNull ? from : Complete(from), parameters, resolved, held, id ?? acceptance.Ids.Next());
    }

    public void LetGo()
    {
        foreach (var held in _held.Values) held.Place.LetGo();
        _held.Clear();
        _announced = null;
    }

    /// <summary>
    /// A mailbox as it is stored. In an alias domain it is the default domain's mailbox of that name; reports still name
    /// it as the sender knows it: a relay may say the original recipient where the sender did not. RFC 3461 section
    /// 5.2.1 (d).
    /// </summary>
    EnvelopeRecipient Resolve(EnvelopeRecipient said)
    {
        var address = Complete(said.Address);
        if (site.RuleFor(address.Domain)?.Kind is not DomainKind.Alias) return said with { Address = address };
        return new(
            address with { Domain = site.DefaultDomain },
            said.Parameters with { OriginalRecipient = said.Parameters.OriginalRecipient ?? OriginalRecipient(address) });
    }

    /// <summary>Names without a domain belong to the default domain; so does <c>postmaster</c>. RFC 5321 section 4.5.1.</summary>
    public MailAddress Complete(MailAddress address) => address.Domain.Length == 0 ? address with { Domain = site.DefaultDomain } : address;

    /// <summary>RFC 3461 section 4.2; for what is not ASCII, RFC 6533 section 3.</summary>
    static string? OriginalRecipient(MailAddress address)
    {
        var text = address.ToString();
        var original = System.Text.Ascii.IsValid(text) ? "rfc822;" + Xtext.Encode(text) : "utf-8;" + Xtext.EncodeUnicode(text);
        return original.Length <= MaxOriginalRecipient ? original : null;
    }
}

/// <summary>A held destination of a transaction, with its place in the quota of its rule.</summary>
sealed record HeldDestination(DomainSnapshot Rule, QuotaPlace Place, long Bytes);
