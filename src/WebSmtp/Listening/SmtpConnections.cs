using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Watching;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Listening;

/// <summary>
/// Serves each accepted connection: limits first, then one <see cref="ServerSession"/> with the site's snapshot of this
/// moment. A failing session ends alone.
/// </summary>
sealed class SmtpConnections(
    SiteRegistry sites, SessionWatch watch, MailSinkFactory sinks, SessionOptionsFactory options, TimeProvider time, ILogger<SmtpConnections> log)
{
    // Open connections of each site (address null), and of each address there.
    readonly ConcurrentDictionary<(int Site, IPAddress? Address), int> _open = new();

    /// <summary>Begins to serve; returns at once.</summary>
    public void Serve(int siteId, SiteEndpoint bound, ConnectionContext connection) =>
        ThreadPool.UnsafeQueueUserWorkItem(_ => _ = ServeAsync(siteId, bound, connection), null);

    async Task ServeAsync(int siteId, SiteEndpoint bound, ConnectionContext connection)
    {
        try
        {
            await using var _ = connection;
            if (connection.RemoteEndPoint is not IPEndPoint remote || sites.Find(siteId) is not { } site) return;
            if (site.State is not SiteState.Running)
            {
                await RefuseAsync(site.Site, connection, NotNow(site.Site));
                return;
            }
            var here = Count((siteId, null), 1);
            var fromAddress = Count((siteId, remote.Address), 1);
            try
            {
                if (TooMany(site.Site, here, fromAddress) is { } refusal) await RefuseAsync(site.Site, connection, refusal);
                else await ConverseAsync(site.Site, bound, connection, remote);
            }
            finally
            {
                Count((siteId, null), -1);
                Count((siteId, remote.Address), -1);
            }
        }
        catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException or IOException or OperationCanceledException)
        {
            // The peer went away. Ordinary weather.
        }
        catch (Exception e)
        {
            Log.SessionCrashed(log, e, connection.ConnectionId);
        }
    }

    int Count((int, IPAddress?) key, int change)
    {
        var count = _open.AddOrUpdate(key, static (_, change) => change, static (_, count, change) => count + change, change);
        if (count == 0) _open.TryRemove(new(key, 0));
        return count;
    }

    static Reply? TooMany(SiteSnapshot site, int here, int fromAddress)
    {
        var limit = site.Settings.Get(SettingsTable.MaxConnections);
        if (limit > 0 && here > limit) return new(421, 4, 3, 2, "Too many connections, try again later");
        var perAddress = site.Settings.Get(SettingsTable.MaxConnectionsPerAddress);
        return perAddress > 0 && fromAddress > perAddress
            ? new(421, 4, 7, 0, "Too many connections from your address, try again later")
            : null;
    }

    async Task ConverseAsync(SiteSnapshot site, SiteEndpoint bound, ConnectionContext connection, IPEndPoint remote)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = watch.Log.Begin(site, connection.ConnectionId, SessionDirection.Inbound, SessionPurpose.Client, remote, connection.LocalEndPoint);
        var session = new ServerSession(
            connection.ConnectionId, connection.Transport, remote, connection.LocalEndPoint!,
            options.For(site, bound, remote.Address), sinks.Create(site), time, said);
        var live = new LiveSession(site.Id, session, ended.Task, () => connection.Abort(new ConnectionAbortedException("Closed by the server")));
        watch.Opened(live);
        // A stop that looked for sessions just before this one was there.
        if (sites.Find(site.Id) is not { State: SiteState.Running or SiteState.Paused }) session.RequestClose(NotNow(site));
        var end = SessionEnd.Bug;
        try
        {
            end = await session.RunAsync(connection.ConnectionClosed);
            if (session.Fault is { } fault) Log.SessionCrashed(log, fault, session.Id);
            Log.SessionEnded(log, session.Id, site.Id, remote, end, session.MessagesAccepted);
        }
        finally
        {
            var (outcome, sentence) = LiveSession.Describe(end, session);
            watch.Closed(live, outcome, sentence);
            ended.SetResult();
        }
    }

    static Reply NotNow(SiteSnapshot site) => new(421, 4, 3, 2, $"{site.HostName} takes no connections at the moment, try again later");

    async Task RefuseAsync(SiteSnapshot site, ConnectionContext connection, Reply reply)
    {
        sinks.Refused(site, connection.RemoteEndPoint!, reply);
        watch.Refused(site, connection.ConnectionId, connection.RemoteEndPoint!, connection.LocalEndPoint, reply);
        await connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(reply + "\r\n"));
    }
}
