using System.IO.Pipelines;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Watching;
using WebSmtp.Smtp.Client;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Collection;

/// <summary>A collection on the connection that asked for it: the roles are exchanged, and we are the client now. RFC 2645 section 5.2.2.</summary>
sealed class TurnedCollection(
    Collections collections, CollectionContext context, CollectionRun run, IReadOnlyList<LeasedMessage> first) : ITurnedCollection
{
    public async Task RunAsync(ServerSession session, IDuplexPipe transport, CancellationToken stop)
    {
        await run.StartAsync(stop);
        var end = "The collection broke off: trouble of the server.";
        try
        {
            end = await CollectAsync(session, transport, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            end = $"The session was ended by the server after {Messages()}.";
        }
        catch (Exception e)
        {
            Log.CollectionTrouble(context.Logger, e, run.Site.Id);
        }
        finally
        {
            await run.EndAsync(end);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await run.DisposeAsync();
        collections.Remove(run);
    }

    async Task<string> CollectAsync(ServerSession session, IDuplexPipe transport, CancellationToken stop)
    {
        var options = Outbound.OptionsFor(run.Site, run.Site.Settings) with { Turned = true };
        var said = Listen(session);
        await using var client = new ClientSession(transport, options, context.Time, said);
        said.Client = client;
        if (await client.OpenAsync(stop) is { } failure)
        {
            await client.QuitAsync(stop);
            return $"The host did not take over: {failure.Reply?.ToString() ?? failure.Reason}.";
        }

        var host = new RemoteHost(client.ServerName ?? "unknown", session.Remote.ToString());
        for (var window = first; window.Count > 0; window = await run.NextAsync(stop))
        {
            foreach (var message in window)
            {
                if (session.CloseRequest is { } request) run.Stop($"The session was to end: {request.Text}.");
                if (run.Stopped is not null) break;
                var attempt = await SendAsync(client, message, host, said, stop);
                if (!attempt.NeverBegun) await run.SettleAsync(message, attempt);
                if (attempt.Broken is { } why) return $"The connection ended after {Messages()}: {why}.";
            }
        }
        var end = run.Summary();
        await run.EndAsync(end);
        await client.QuitAsync(stop);
        return end;
    }

    async Task<Attempt> SendAsync(ClientSession client, LeasedMessage message, RemoteHost host, SessionLog said, CancellationToken stop)
    {
        var conversations = context.Outbound.Watch.Conversations;
        var record = conversations.Begin(message);
        record.GoOver(said);
        Attempt? attempt = null;
        try
        {
            attempt = await context.Outbound.Transmission.SendAsync(client, message, host, stop);
            if (attempt.Outcomes.Any(outcome => outcome.Reply is { IsPositive: true })) said.MessagesSent++;
            return attempt;
        }
        finally
        {
            conversations.End(record, attempt);
        }
    }

    /// <summary>The connection is the same, and who listened goes on; the sides are exchanged.</summary>
    SessionLog Listen(ServerSession session)
    {
        var said = session.Observer as SessionLog ?? context.Outbound.Watch.Log.Begin(
            run.Site, session.Id, SessionDirection.Inbound, SessionPurpose.Client, session.Remote, session.Local);
        said.Collection = run.Said;
        said.WeAreClient = true;
        said.Note($"{run.Request.Method.ToString().ToUpperInvariant()} was taken: from here on this server is the client.");
        return said;
    }

    string Messages() => run.Messages == 1 ? "1 message" : $"{run.Messages} messages";
}
