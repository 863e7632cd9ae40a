using System.Net;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>What a site says to one session: may this come in, and who is that.</summary>
sealed partial class MailSink(MailSinkFactory acceptance, SiteSnapshot site) : IMailSink
{
    /// <summary>What a message grows by on its way in: our Received field.</summary>
    const int TraceBytes = 512;

    static readonly Reply NoRoom = new(452, 4, 3, 1, "Insufficient system storage, try again later");
    static readonly Reply QuotaFull = new(452, 4, 2, 2, "Too much mail waits for this domain, try again later");

    readonly Dictionary<string, HeldDestination> _held = new(StringComparer.Ordinal);
    long? _announced;

    public ValueTask<Reply?> ConnectAsync(ServerSession session, CancellationToken stop)
    {
        var allow = site.Settings.Get(SettingsTable.AllowAddresses);
        var deny = site.Settings.Get(SettingsTable.DenyAddresses);
        if (allow.Count == 0 && deny.Count == 0) return default;

        var client = AddressOf(session.Remote);
        var welcome = client is null
            ? allow.Count == 0
            : (allow.Count == 0 || allow.Any(range => range.Contains(client))) && !deny.Any(range => range.Contains(client));
        return new(welcome ? null : new Reply(554, 5, 7, 1, "You may not connect to this server"));
    }

    public ValueTask<Reply?> OfferSenderAsync(ServerSession session, MailAddress from, MailParameters parameters, CancellationToken stop)
    {
        LetGo();
        _header = null;
        _announced = parameters.Size;
        var room = acceptance.Space.Has(acceptance.Spool.DataDirectory, _announced ?? 0)
            && acceptance.Space.Has(site.Folders.Root, _announced ?? 0);
        return new(room ? null : NoRoom);
    }

    public async ValueTask<Reply?> OfferRecipientAsync(ServerSession session, MailAddress to, RcptParameters parameters, CancellationToken stop)
    {
        var address = Complete(to);
        var rule = site.RuleFor(address.Domain);
        if (RelayDecision.Refuse(site, rule, address, AddressOf(session.Remote), AddressOf(session.Local), session.Account is not null) is { } refusal)
            return refusal;
        if (rule is null) return null;

        if (rule.Settings.Get(SettingsTable.MaxMessageSize) is > 0 and var most && _announced > most)
            return IncomingMessage.TooLarge(most);
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

    public ValueTask<ContentOffer> OfferContentAsync(ServerSession session, MailTransaction transaction, CancellationToken stop)
    {
        var recipients = transaction.Recipients
            .Select(recipient => recipient with { Address = Complete(recipient.Address) })
            .DistinctBy(recipient => recipient.Address).ToList();
        var held = _held.Values.ToList();
        _held.Clear();
        var message = new IncomingMessage(acceptance, site, session, transaction, recipients, held);
        _header = message.Header;
        return new(new ContentOffer(null, message));
    }

    public void TransactionDropped(ServerSession session) => LetGo();

    public async ValueTask<AuthResult> VerifyPasswordAsync(
        ServerSession session, string authorizationId, string user, string password, CancellationToken stop)
    {
        _user = user;
        // Nobody acts for somebody else here. RFC 4616 section 2.
        if (authorizationId.Length > 0 && !string.Equals(authorizationId, user, StringComparison.OrdinalIgnoreCase)) return Verified(null);
        try
        {
            return Verified(await acceptance.Accounts.VerifyPasswordAsync(site.Id, user, password, stop));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return CannotVerify(e, session);
        }
    }

    public async ValueTask<AuthResult> VerifyCramMd5Async(
        ServerSession session, string user, byte[] challenge, string digest, CancellationToken stop)
    {
        _user = user;
        try
        {
            return Verified(await acceptance.Accounts.VerifyCramMd5Async(site.Id, user, challenge, digest, stop));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return CannotVerify(e, session);
        }
    }

    public async ValueTask<Reply> EtrnAsync(ServerSession session, EtrnTarget target, CancellationToken stop) =>
        await acceptance.Collections.EtrnAsync(site, target, session.Account, TextOf(session.Remote), stop);

    public async ValueTask<TurnAnswer> TurnAsync(ServerSession session, IReadOnlyList<string>? domains, CancellationToken stop) =>
        await acceptance.Collections.TurnAsync(site, session.Account!, domains, TextOf(session.Remote), stop);

    public static IPAddress? AddressOf(EndPoint endPoint) =>
        (endPoint as IPEndPoint)?.Address is { } address ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address : null;

    /// <summary>An address for records; where the transport has none, what it calls itself.</summary>
    public static string TextOf(EndPoint endPoint) => AddressOf(endPoint)?.ToString() ?? endPoint.ToString() ?? "unknown";

    /// <summary>Names without a domain belong to the default domain; so does <c>postmaster</c>. RFC 5321 section 4.5.1.</summary>
    MailAddress Complete(MailAddress to) => to.Domain.Length == 0 ? to with { Domain = site.DefaultDomain } : to;

    void LetGo()
    {
        foreach (var held in _held.Values) held.Place.LetGo();
        _held.Clear();
        _announced = null;
    }

    static AuthResult Verified(string? account) => account is null
        ? new(new Reply(535, 5, 7, 8, "Authentication credentials invalid"), null)
        : new(null, account);

    AuthResult CannotVerify(Exception e, ServerSession session)
    {
        Log.CannotVerify(acceptance.Logger, e, session.Id);
        return new(new Reply(454, 4, 7, 0, "Temporary authentication failure"), null);
    }
}

/// <summary>A held destination of a transaction, with its place in the quota of its rule.</summary>
sealed record HeldDestination(DomainSnapshot Rule, QuotaPlace Place, long Bytes);
