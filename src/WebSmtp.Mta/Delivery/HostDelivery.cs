using System.Security.Cryptography;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Watching;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// Messages, one after another, over one plan: tries its hops and their hosts in order until one takes the message or
/// says something final, keeps the connection for the next message, opens a new one after so many messages or when it
/// broke. Used by collections after ETRN and by the scheduler. Not thread-safe.
/// </summary>
/// <param name="hurry">No good-bye is waited for any more.</param>
/// <param name="collection">Hears all that is said, where it is one.</param>
sealed class HostDelivery(Outbound outbound, SiteSnapshot site, RoutePlan plan, CancellationToken hurry, Conversation? collection = null) : IAsyncDisposable
{
    /// <summary>Longer than the usual first retry, which then begins with another host.</summary>
    static readonly TimeSpan AfterBreak = TimeSpan.FromMinutes(20);

    readonly SettingValues _settings = plan.Settings;
    IDialedConnection? _connection;
    ClientSession? _client;
    OutboundSession? _session;
    AttemptRecord? _record;
    IDisposable? _place;
    NextHop? _at;

    /// <summary>Why the open connection is in clear though TLS was offered; null: it did not fall back.</summary>
    string? _fellBack;
    long _sent;

    /// <summary>A connection is open, for the next message.</summary>
    public bool IsOpen => _client is not null;

    /// <summary>Where <see cref="Attempt.Trouble"/> is there, nothing was decided about any recipient by a host.</summary>
    public async ValueTask<Attempt> SendAsync(LeasedMessage message, CancellationToken stop)
    {
        _record = outbound.Watch.Conversations.Begin(message);
        Attempt? attempt = null;
        try
        {
            if (_session is { Said: { } said })
            {
                _record.GoOver(said);
                Note($"On the connection to {RemoteHost.Of(_at!)}, which was open already.");
            }
            return attempt = await TryAllAsync(message, stop);
        }
        finally
        {
            outbound.Watch.Conversations.End(_record, attempt);
            _record = null;
        }
    }

    async ValueTask<Attempt> TryAllAsync(LeasedMessage message, CancellationToken stop)
    {
        var began = outbound.Time.GetTimestamp();
        var tries = new Tries();
        Attempt? refused = null, taken = null;
        while (true)
        {
            var fresh = _client is null;
            // What one transaction had no room for goes in the next one, if the connection is still there.
            if (fresh && taken is not null) return taken;
            if (fresh && await OpenAsync(tries, stop) is { } trouble)
            {
                return Over(message, refused, tries, trouble) with { Took = outbound.Time.GetElapsedTime(began) };
            }
            if (await TakeOfBudgetAsync(stop) is { } spent)
            {
                tries.Stop(_at!.Of, spent);
                await CloseAsync();
                if (taken is not null) return taken;
                continue;
            }

            var (at, started) = (_at!, outbound.Time.GetTimestamp());
            _session!.Idles = false;
            var attempt = await outbound.Transmission.SendAsync(_client!, message, RemoteHost.Of(at), stop);
            _session.Idles = true;
            if (_fellBack is { } broken) attempt = attempt with { Note = attempt.Note is null ? broken : $"{attempt.Note} {broken}" };
            await EndMessageAsync(attempt);
            if (taken is not null || LeftOut(attempt).Count > 0)
            {
                taken = taken is null ? attempt : taken.With(attempt);
                message = message with { Recipients = LeftOut(attempt) };
                if (message.Recipients.Count > 0) continue;
                return taken with { Tries = tries.Failed, Took = outbound.Time.GetElapsedTime(began) };
            }
            if (attempt.NeverBegun)
            {
                // Nobody had the message. A connection that was used before may have been closed by a host that had
                // enough of it; one that was just opened was not worth it, and the next host has its turn.
                if (fresh) tries.Add(at, attempt.Outcomes[0].Stage ?? ClientPhase.Mail, Why(attempt), attempt.Tls, outbound.Time.GetElapsedTime(started), attempt.Outcomes[0].Reply);
                continue;
            }
            if (at.Of is RouteHop.Via via && RefusedLogIn(attempt) is { } refusal)
            {
                // It took the connection, and wants a log-in for the mail.
                await CloseAsync();
                Hold(tries, via, at, $"{at.Name} wants a log-in: {refusal.Reply}", refusal.Stage ?? ClientPhase.Mail, started);
                continue;
            }
            if (attempt.Broken is not null && attempt.Outcomes is [{ Stage: not null }, ..]) outbound.Health.Failed(at.Remote, AfterBreak);
            if (MayGoElsewhere(attempt) && tries.Others(plan, at))
            {
                // RFC 5321 section 5.1: another host of the domain may be better off.
                refused = attempt;
                tries.Add(at, attempt.Outcomes[0].Stage ?? ClientPhase.Mail, Why(attempt), attempt.Tls, outbound.Time.GetElapsedTime(started));
                await CloseAsync();
                continue;
            }
            return attempt with { Tries = tries.Failed, Took = outbound.Time.GetElapsedTime(began) };
        }
    }

    /// <summary>No host is left: the one that answered last decides, or else nobody.</summary>
    static Attempt Over(LeasedMessage message, Attempt? refused, Tries tries, RouteTrouble trouble)
    {
        if (refused is not null) return refused with { Tries = [.. tries.Failed.Where(failed => failed.Host != refused.Host)] };
        var last = tries.Failed is [.., var latest] ? latest : null;
        return Attempt.Nowhere(message, trouble) with { Host = last?.Host, Tls = last?.Tls, Tries = [.. tries.Failed.SkipLast(1)] };
    }

    public ValueTask DisposeAsync() => CloseAsync();

    /// <summary>A remark for those who read what was said.</summary>
    void Note(string text)
    {
        if (_record is not null) outbound.Watch.Conversations.Note(_record, text);
        collection?.Add(new(outbound.Time.GetUtcNow(), Speaker.Note, true, ConversationLine.Cut(text)));
    }

    /// <summary>Says good-bye where there is somebody to say it to; that takes a few seconds at most.</summary>
    public async ValueTask CloseAsync(string? broken = null)
    {
        await HangUpAsync(broken is null ? null : new(ClientPhase.Quit, broken));
        _place?.Dispose();
        _place = null;
    }

    async ValueTask HangUpAsync(ClientFailure? failure)
    {
        if (_client is not null)
        {
            await _client.QuitAsync(hurry);
            await _client.DisposeAsync();
        }
        if (_session is not null) outbound.Watch.Closed(_session, failure);
        if (_connection is not null) await _connection.DisposeAsync();
        (_client, _session, _connection, _sent, _fellBack) = (null, null, null, 0, null);
    }

    void Hold(Tries tries, RouteHop.Via hop, NextHop host, string why, ClientPhase stage, long began)
    {
        var trouble = new RouteTrouble(RouteCondition.OnHold, new(454, 4, 7, 0, why)) { Stage = stage };
        tries.Hold(host, outbound.Hops.Hold(hop, trouble, site.Id), why, outbound.Time.GetElapsedTime(began));
    }

    async ValueTask EndMessageAsync(Attempt attempt)
    {
        _sent++;
        var taken = attempt.Outcomes.Any(outcome => outcome.Reply is { IsPositive: true });
        if (!taken) await outbound.Budgets.GiveBackAsync(LimitedRouteOf(_at!.Of), LimitsOf(_at.Of));
        else if (_at!.Of is RouteHop.Via via) outbound.Hops.Works(via, site.Id);
        var most = _settings.Get(SettingsTable.MaxMessagesPerConnection);
        if (taken && _session is { Said: { } said }) said.MessagesSent++;
        if (attempt.Broken is not null || most > 0 && _sent >= most || _session is { CloseRequest: not null }) await CloseAsync(attempt.Broken);
    }

    async ValueTask<RouteTrouble?> TakeOfBudgetAsync(CancellationToken stop)
    {
        if (await outbound.Budgets.TakeAsync(LimitedRouteOf(_at!.Of), LimitsOf(_at.Of), stop) is not { } spent) return null;
        if (_at.Of is RouteHop.Via via) outbound.Hops.OverBudget(via, spent, site.Id);
        return spent;
    }

    LimitedRoute LimitedRouteOf(RouteHop hop) => new(hop is RouteHop.Via ? null : site.Id, hop.Route);

    /// <summary>Connections to a domain are limited where they are begun.</summary>
    SmartHostLimits LimitsOf(RouteHop hop) => hop is RouteHop.Via via ? via.Limits : new(
        null, LimitOf(SettingsTable.MaxOutboundMessagesPerMinute), LimitOf(SettingsTable.MaxOutboundMessagesPerDay));

    int? LimitOf(Setting<long> setting) => _settings.Get(setting) is > 0 and var most ? (int)most : null;

    /// <summary>Null: there is a connection that is ready for mail.</summary>
    async ValueTask<RouteTrouble?> OpenAsync(Tries tries, CancellationToken stop)
    {
        // Hosts that could not be reached lately have their turn when all others had theirs.
        foreach (var (hop, isLast) in plan.Hops.Select(hop => (hop, false)).Concat(plan.Hops.Select(hop => (hop, true))))
        {
            var via = hop as RouteHop.Via;
            if (via is not null && !tries.Found(hop) && outbound.Hops.Look(via, site.Id) is { } stopped)
            {
                tries.Stop(hop, stopped);
                continue;
            }
            // A domain's own limits are for its mail, whichever way it goes.
            if (hop is RouteHop.Domain && tries is { Stopped: { Condition: RouteCondition.OverBudget } spent } && tries.IsOut(hop)) return spent;
            if (tries.IsOut(hop)) continue;
            if (await tries.FindAsync(outbound, hop, _settings, stop) is not { } hosts)
            {
                // What DNS says for good about a domain no smart host can change.
                if (tries.Final is { } final) return final;
                continue;
            }
            foreach (var host in hosts)
            {
                if (tries.IsOut(host) || tries.IsOut(hop) || !isLast && outbound.Health.IsCoolingDown(host.Remote)) continue;
                if (await ConnectAsync(host, tries, stop)) return null;
            }
        }
        return tries.Trouble(plan);
    }

    /// <summary>True: connected, and ready for mail. Else what went wrong is among the tries.</summary>
    async ValueTask<bool> ConnectAsync(NextHop host, Tries tries, CancellationToken stop)
    {
        var began = outbound.Time.GetTimestamp();
        var via = host.Of as RouteHop.Via;
        ClientCredentials? credentials = null;
        if (via is not null)
        {
            (credentials, var trouble) = await outbound.Credentials.GetAsync(via.Target, stop);
            if (trouble is not null)
            {
                Hold(tries, via, host, $"There is nothing to log in to {via.Route} with: {trouble}", ClientPhase.Auth, began);
                return false;
            }
            _place?.Dispose();
            _place = await outbound.Budgets.ConnectAsync(LimitedRouteOf(via), via.Limits, stop);
        }
        var wanted = HostTlsOptions.ModeOf(host.Tls);
        var (failure, tls) = await TryAsync(host, wanted, credentials, stop);
        // A host whose TLS does not work is better off with mail in clear than with none. RFC 7435 section 3.
        if (failure is { Phase: ClientPhase.StartTls, Reply.Code: not 421 } or { Phase: ClientPhase.StartTls, Reply: null } && wanted is ClientTls.Opportunistic)
        {
            var why = failure.Reply?.ToString() ?? failure.Reason;
            tries.Note(host, failure, $"{why}; tried again in clear", outbound.Time.GetElapsedTime(began));
            (failure, tls) = await TryAsync(host, ClientTls.None, credentials, stop);
            if (failure is null) _fellBack = $"In clear: TLS did not work ({why}).";
        }
        // A token may have ended before its time.
        if (failure is { Phase: ClientPhase.Auth, Reply: { } refused } && credentials is not null
            && outbound.Credentials.Refused(via!.Target, credentials, refused)
            && await outbound.Credentials.GetAsync(via.Target, stop) is { Credentials: { } fresh })
        {
            (failure, tls) = await TryAsync(host, wanted, fresh, stop);
            if (failure is { Phase: ClientPhase.Auth, Reply: { } again }) outbound.Credentials.Refused(via.Target, fresh, again);
        }
        if (failure is null)
        {
            if (credentials is not null) outbound.Credentials.LoggedIn(via!.Target);
            outbound.Health.Works(host.Remote);
            _at = host;
            return true;
        }

        _place?.Dispose();
        _place = null;
        Log.HostFailed(outbound.Logger, host.ToString(), plan.Name, failure.Reply?.ToString() ?? failure.Reason);
        if (failure.Phase is ClientPhase.Auth && via is not null)
        {
            // Whatever goes wrong with a log-in is no fault of the mail.
            Hold(tries, via, host, $"{host.Name} did not let us log in: {failure.Reply?.ToString() ?? failure.Reason}", ClientPhase.Auth, began);
            return false;
        }
        if (failure.Reply is not { IsPermanent: true }) outbound.Health.Failed(host.Remote);
        tries.Add(host, failure, tls, outbound.Time.GetElapsedTime(began));
        return false;
    }

    async ValueTask<(ClientFailure? Failure, string? Tls)> TryAsync(NextHop host, ClientTls tls, ClientCredentials? credentials, CancellationToken stop)
    {
        var options = Outbound.OptionsFor(site, _settings) with { Tls = tls, Credentials = credentials, AllowClearPasswords = host.Tls is HostTls.None };
        try
        {
            if (tls is not ClientTls.None) options = options with { TlsOptions = outbound.Tls.For(host) };
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return (new(ClientPhase.StartTls, e.Message), null);
        }
        Note($"Connecting to {RemoteHost.Of(host)}.");
        var (connection, reason) = await outbound.Dialer.DialAsync(host.Remote, _settings.Get(SettingsTable.OutboundConnectTimeout), stop);
        if (connection is null)
        {
            Note(reason ?? "No connection.");
            return (new(ClientPhase.Connect, reason ?? "no connection"), null);
        }

        _connection = connection;
        var said = Listen(host);
        _client = new(connection.Transport, options, outbound.Time, said);
        _session = outbound.Watch.Opened(said, _client, connection, host.Name, credentials?.Username);
        var failure = await _client.OpenAsync(stop);
        var spoken = Transmission.TlsOf(_client);
        if (spoken is not null) Note($"The connection is under {spoken}.");
        if (failure is { Reply: null }) Note($"It failed: {failure.Reason}.");
        _session.Idles = true;
        if (failure is not null) await HangUpAsync(failure);
        return (failure, spoken);
    }

    SessionLog Listen(NextHop host)
    {
        var said = outbound.Watch.Log.Begin(
            site, outbound.Watch.NextId(), SessionDirection.Outbound, collection is null ? SessionPurpose.Delivery : SessionPurpose.Collection, host.Remote, null);
        said.Collection = collection;
        _record?.GoOver(said);
        return said;
    }

    /// <summary>A smart host that says so instead of taking anybody: it forgot about our log-in, or wants one. RFC 4954 section 6.</summary>
    static RecipientOutcome? RefusedLogIn(Attempt attempt) =>
        attempt.Outcomes is [{ Stage: not null, Reply: { } reply } first, ..]
        && reply is { Code: 530 or 534 or 535 or 538 } or { IsPermanent: true, Status: { Subject: 7, Detail: 8 or 57 } }
        && !attempt.Outcomes.Any(outcome => outcome.Reply is { IsPositive: true }) ? first : null;

    /// <summary>Recipients that a transaction had no room for while it took others. RFC 5321 section 4.5.3.1.10.</summary>
    static IReadOnlyList<Recipient> LeftOut(Attempt attempt) =>
        attempt.Broken is null && attempt.Outcomes.Any(outcome => outcome.Reply is { IsPositive: true })
            ? [.. attempt.Outcomes.Where(outcome => outcome is { Stage: ClientPhase.Rcpt, Reply.Code: 452 or 552 }).Select(outcome => outcome.Recipient)]
            : [];

    /// <summary>Nobody was taken, and nobody refused for good; what was said last was heard, so that it cannot arrive twice.</summary>
    static bool MayGoElsewhere(Attempt attempt) => attempt.Outcomes.All(outcome =>
        outcome is { Stage: not null, Reply.IsTransient: true } or { Stage: not (null or ClientPhase.FinalDot), Reply: null });

    static string Why(Attempt attempt) => attempt.Outcomes[0].Reply?.ToString() ?? attempt.Broken ?? "the connection broke";
}
