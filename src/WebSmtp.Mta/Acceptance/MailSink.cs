using System.Net;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Sasl;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>Null: mail for the recipient is taken. The rule is null where none speaks of the domain.</summary>
delegate Reply? RecipientRule(DomainSnapshot? rule, MailAddress to);

/// <summary>What a site says to one session: may this come in, and who is that.</summary>
/// <param name="collected">For mail that the site itself went to get: in place of what clients may relay.</param>
sealed partial class MailSink(MailSinkFactory acceptance, SiteSnapshot site, RecipientRule? collected = null) : IMailSink
{
    readonly Envelope _envelope = new(acceptance, site);

    public ValueTask<Reply?> ConnectAsync(ServerSession session, CancellationToken stop)
    {
        if (collected is not null) return default;
        return new(ClientAccess.Of(site, AddressOf(session.Remote)).IsWelcome ? null : new Reply(554, 5, 7, 1, "You may not connect to this server"));
    }

    public ValueTask<Reply?> OfferSenderAsync(ServerSession session, MailAddress from, MailParameters parameters, CancellationToken stop)
    {
        _header = null;
        return new(_envelope.Begin(parameters.Size));
    }

    public ValueTask<Reply?> OfferRecipientAsync(ServerSession session, MailAddress to, RcptParameters parameters, CancellationToken stop) =>
        _envelope.OfferAsync(to, collected ?? ((rule, address) => RelayDecision.Refuse(
            site, rule, address, AddressOf(session.Remote), AddressOf(session.Local), session.Account is not null)), stop);

    public ValueTask<ContentOffer> OfferContentAsync(ServerSession session, MailTransaction transaction, CancellationToken stop)
    {
        var message = _envelope.Receive(
            Origin.Of(session, transaction.Parameters), transaction.From, transaction.Parameters, transaction.Recipients);
        _header = message.Header;
        return new(new ContentOffer(null, message));
    }

    public void TransactionDropped(ServerSession session) => _envelope.LetGo();

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

    public async ValueTask<ScramKeys?> FindScramKeysAsync(ServerSession session, string user, CancellationToken stop)
    {
        _user = user;
        try
        {
            return await acceptance.Accounts.FindScramKeysAsync(user, stop);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.CannotVerify(acceptance.Logger, e, session.Id);
            return null;
        }
    }

    public async ValueTask<AuthResult> VerifyScramAsync(ServerSession session, string user, bool proved, CancellationToken stop)
    {
        try
        {
            return Verified(await acceptance.Accounts.VerifyScramAsync(site.Id, user, proved, stop));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return CannotVerify(e, session);
        }
    }

    /// <summary>A log-in whose password was right: may the account use this site. For simulations.</summary>
    public async ValueTask<AuthResult> AssumeAsync(string account, CancellationToken stop) => Verified(await acceptance.Accounts.AssumeAsync(site.Id, account, stop));

    public async ValueTask<Reply> EtrnAsync(ServerSession session, EtrnTarget target, CancellationToken stop) =>
        await acceptance.Collections.EtrnAsync(site, target, session.Account, TextOf(session.Remote), stop);

    public async ValueTask<TurnAnswer> TurnAsync(ServerSession session, IReadOnlyList<string>? domains, CancellationToken stop) =>
        await acceptance.Collections.TurnAsync(site, session.Account!, domains, TextOf(session.Remote), stop);

    public static IPAddress? AddressOf(EndPoint endPoint) =>
        (endPoint as IPEndPoint)?.Address is { } address ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address : null;

    /// <summary>An address for records; where the transport has none, what it calls itself.</summary>
    public static string TextOf(EndPoint endPoint) => AddressOf(endPoint)?.ToString() ?? endPoint.ToString() ?? "unknown";

    static AuthResult Verified(string? account) => account is null
        ? new(new Reply(535, 5, 7, 8, "Authentication credentials invalid"), null)
        : new(null, account);

    AuthResult CannotVerify(Exception e, ServerSession session)
    {
        Log.CannotVerify(acceptance.Logger, e, session.Id);
        return new(new Reply(454, 4, 7, 0, "Temporary authentication failure"), null);
    }
}
