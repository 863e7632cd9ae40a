using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Watching;
using WebSmtp.Smtp.Client;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Collectors;

/// <summary>
/// One run of a collector on the wire: connects to the provider, logs in, and asks. After TURN or ATRN the same connection
/// is served as if the provider had opened it, and what comes goes through the ordinary acceptance into the queue.
/// Thread-safe.
/// </summary>
public sealed class CollectorConversation(
    CollectorHosts hosts, IDialer dialer, MailSinkFactory sinks, SiteRegistry sites, SessionWatch watch, ISecretProtector secrets,
    TimeProvider time, ILogger<CollectorConversation> log)
{
    /// <summary>Progress is told so often at most.</summary>
    static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(1);

    /// <summary>It has no endpoint of ours: we went there.</summary>
    static readonly IPEndPoint NoEndpoint = new(IPAddress.Any, 0);

    /// <param name="site">Of this moment; the run keeps it.</param>
    /// <param name="collector">The same.</param>
    /// <param name="watch">Who follows it.</param>
    /// <param name="asking">Ends the run while we are the client.</param>
    /// <param name="stop">Cuts off what a turned connection still does.</param>
    internal async Task<CollectorOutcome> RunAsync(
        SiteSnapshot site, Collector collector, CollectorWatch watch, CancellationToken asking, CancellationToken stop)
    {
        ClientCredentials? credentials = null;
        if (collector is { Username: { } user, Password: { } kept })
        {
            if (secrets.Unprotect(kept) is not { } secret) return CollectorOutcome.Failed("The stored password cannot be read; give it again.");
            credentials = new ClientCredentials.Password(user, Encoding.UTF8.GetString(secret));
        }
        var (remotes, trouble, _) = await hosts.FindAsync(site, collector.Host, collector.Port, asking);
        if (trouble is not null) return CollectorOutcome.Failed(trouble);

        var call = new Call(site, collector, watch, OptionsFor(site, collector, credentials), asking, stop);
        ClientFailure? failure = null;
        foreach (var remote in remotes)
        {
            (var outcome, failure) = await TryAsync(call, remote);
            // A host whose TLS does not work is asked in clear where TLS may be missing; passwords are then not shown to it.
            if (failure?.Phase is ClientPhase.StartTls && collector.Tls is HostTls.Opportunistic)
                (outcome, failure) = await TryAsync(call with { Options = call.Options with { Tls = ClientTls.None } }, remote);
            if (outcome is { } done) return done;
            // Another address helps only where nobody has spoken.
            if (failure!.Phase is not (ClientPhase.Connect or ClientPhase.Greeting)) break;
        }
        return CollectorReplies.ToFailure(failure!, collector.Host);
    }

    sealed record Call(
        SiteSnapshot Site, Collector Collector, CollectorWatch Watch, ClientSessionOptions Options, CancellationToken Asking, CancellationToken Stop);

    static ClientSessionOptions OptionsFor(SiteSnapshot site, Collector collector, ClientCredentials? credentials) =>
        Outbound.OptionsFor(site, site.Settings) with
        {
            Tls = HostTlsOptions.ModeOf(collector.Tls),
            TlsOptions = HostTlsOptions.Towards(collector.Host, collector.Tls, TrustOf(collector)),
            Credentials = credentials,
            AllowClearPasswords = collector.Tls is HostTls.None,
        };

    static HostTrust TrustOf(Collector collector) =>
        collector.CertificateAuthority is { } pem ? new(Certificates.ReadAuthorities(pem), null) : HostTrust.OfSystem;

    async Task<(CollectorOutcome? Outcome, ClientFailure? Failure)> TryAsync(Call call, IPEndPoint remote)
    {
        var (connection, reason) = await dialer.DialAsync(remote, call.Site.Settings.Get(SettingsTable.OutboundConnectTimeout), call.Asking);
        if (connection is null)
        {
            call.Watch.Transcript.Note(reason ?? $"{remote} cannot be reached");
            return (null, new(ClientPhase.Connect, reason ?? "no connection"));
        }
        call.Watch.Transcript.Note($"connected to {remote}");

        await using var open = connection;
        var said = watch.Log.Begin(call.Site, call.Watch.SessionId, SessionDirection.Outbound, SessionPurpose.Collector, connection.Remote, null);
        call.Watch.Transcript.Also = said;
        await using var client = new ClientSession(connection.Transport, call.Options, time, call.Watch.Transcript);
        var session = watch.Opened(said, client, connection, call.Collector.Host, call.Collector.Username);
        ClientFailure? failure = null;
        try
        {
            failure = await client.OpenAsync(call.Asking);
            CollectorOutcome? outcome = null;
            if (failure is null)
            {
                outcome = call.Collector.Method is CollectionMethod.Etrn
                    ? await EtrnAsync(call, client)
                    : await TurnAsync(call, client, session);
            }
            // After a turn it is not ours to say any more, and is not said.
            await client.QuitAsync(call.Asking);
            return (outcome, failure);
        }
        finally
        {
            watch.Closed(session, failure);
        }
    }

    static async Task<CollectorOutcome> EtrnAsync(Call call, ClientSession client)
    {
        var answers = new List<CollectorOutcome>();
        foreach (var node in call.Collector.Domains)
        {
            var (reply, failure) = await client.EtrnAsync(node, call.Asking);
            if (failure is not null) answers.Add(CollectorReplies.ToFailure(failure, call.Collector.Host));
            else answers.Add(CollectorReplies.ToEtrn(reply!, node));
            if (failure is not null) break;
        }
        var result = answers.Exists(answer => answer.Result is CollectorResult.Failed) ? CollectorResult.Failed
            : answers.Exists(answer => answer.Result is CollectorResult.Collected) ? CollectorResult.Collected
            : CollectorResult.Nothing;
        return new(result, string.Join(' ', answers.Select(answer => answer.End)));
    }

    async Task<CollectorOutcome> TurnAsync(Call call, ClientSession client, OutboundSession asking)
    {
        var isTurn = call.Collector.Method is CollectionMethod.Turn;
        var (turned, reply, failure) = await client.TurnAsync(isTurn ? null : call.Collector.Domains, call.Asking);
        if (failure is not null) return CollectorReplies.ToFailure(failure, call.Collector.Host);
        return turned is null ? CollectorReplies.ToTurn(reply!, isTurn ? "TURN" : "ATRN") : await ServeAsync(call, turned, asking);
    }

    async Task<CollectorOutcome> ServeAsync(Call call, IDuplexPipe turned, OutboundSession asking)
    {
        var site = call.Site;
        var (remote, said) = ((IPEndPoint)asking.Facts.Remote!, asking.Said!);
        said.WeAreClient = false;
        said.Note("The roles are exchanged: from here on this server takes mail.");
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(call.Stop);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var session = new ServerSession(
            call.Watch.SessionId, turned, remote, NoEndpoint, CollectedMail.OptionsFor(site, remote.Address),
            sinks.CreateCollected(site, CollectedMail.For(site, call.Collector)), time, call.Watch.Transcript);
        call.Watch.Transcript.Note("the roles are exchanged: from here on the provider is the client");
        var live = new LiveSession(site.Id, session, ended.Task, Cut);
        watch.GoesOnAs(asking, live);
        // A stop that looked for sessions just before this one was there.
        if (sites.Find(site.Id) is not { State: SiteState.Running }) session.RequestClose(new(421, 4, 3, 2, $"{site.HostName} is being stopped"));
        SessionEnd? end = null;
        try
        {
            var running = session.RunAsync(cut.Token);
            await FollowAsync(running, session, call.Watch);
            end = await running;
        }
        finally
        {
            var (how, sentence) = LiveSession.Describe(end ?? SessionEnd.Bug, session);
            watch.Closed(live, how, sentence);
            ended.SetResult();
        }
        if (session.Fault is { } fault) Log.CollectorTrouble(log, fault, call.Collector.Name, site.Id);
        return OutcomeOf(end.Value, session);

        void Cut()
        {
            try
            {
                cut.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended at the same moment.
            }
        }
    }

    /// <summary>Tells what came, until the session is over.</summary>
    async Task FollowAsync(Task running, ServerSession session, CollectorWatch watch)
    {
        var told = 0L;
        while (!running.IsCompleted)
        {
            await running.WaitAsync(ProgressEvery, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (running.IsCompleted || session.MessagesAccepted == told) continue;
            told = session.MessagesAccepted;
            await watch.Progress(told, session.ContentBytes);
        }
    }

    static CollectorOutcome OutcomeOf(SessionEnd end, ServerSession session)
    {
        var count = session.MessagesAccepted == 1 ? "1 message" : $"{session.MessagesAccepted} messages";
        var (result, sentence) = end switch
        {
            SessionEnd.Quit when session.MessagesAccepted > 0 => (CollectorResult.Collected, $"{count} collected."),
            SessionEnd.Quit => (CollectorResult.Nothing, "The provider exchanged the roles, but brought no mail that was taken."),
            SessionEnd.PeerGone => (CollectorResult.Failed, $"The connection was closed without QUIT after {count}. What is left is asked for at the next run."),
            SessionEnd.Timeout => (CollectorResult.Failed, $"The provider fell silent after {count}. What is left is asked for at the next run."),
            SessionEnd.Shutdown => (CollectorResult.Failed, $"The site was stopped after {count}."),
            SessionEnd.Bug => (CollectorResult.Failed, $"The run broke off after {count}: trouble of this server, see its log."),
            _ => (CollectorResult.Failed, $"The provider broke the rules of SMTP after {count} ({end}). Tell the provider."),
        };
        return new(result, sentence, session.MessagesAccepted, session.ContentBytes);
    }
}
