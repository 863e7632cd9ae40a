using WebSmtp.Smtp.Server;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Admin.Sites;

/// <summary>A site with what it is doing now.</summary>
/// <param name="Rest">What is left to be drained; null: it is not being drained.</param>
public sealed record SiteRow(SiteView View, int Sessions, long Messages, bool MessagesIsEstimate, SiteRest? Rest)
{
    /// <summary>What helps a site that could not start.</summary>
    public const string StartAdvice = "Give it another address or port, or stop the site that has this one; then start it.";

    public SiteSnapshot Site => View.Site;

    /// <summary>Without what is left of drains.</summary>
    public static Task<IReadOnlyList<SiteRow>> LoadAsync(
        SiteRegistry sites, SessionRegistry sessions, QueueOperations queue, CancellationToken stop) => LoadAsync(sites, null, sessions, queue, stop);

    public static async Task<IReadOnlyList<SiteRow>> LoadAsync(
        SiteRegistry sites, SiteOperations? operations, SessionRegistry sessions, QueueOperations queue, CancellationToken stop)
    {
        var rows = new List<SiteRow>();
        foreach (var view in sites.Sites.Values.OrderBy(view => view.Site.Id)) rows.Add(await LoadAsync(view, operations, sessions, queue, stop));
        return rows;
    }

    public static async Task<SiteRow> LoadAsync(
        SiteView view, SiteOperations? operations, SessionRegistry sessions, QueueOperations queue, CancellationToken stop)
    {
        var waiting = await queue.ListAsync(new(view.Site.Id), null, 1, stop);
        return new(view, sessions.Count(view.Site.Id), waiting.Total, waiting.TotalIsEstimate,
            operations is not null && view.Site.IsDraining && view.State is SiteState.Paused ? await operations.FindRestAsync(view.Site.Id, stop) : null);
    }

    /// <summary>The list of the sessions that are counted: clients.</summary>
    public string SessionsHref => $"/sessions?site={Site.Id}&direction=inbound";

    public string QueueHref => $"/queue?site={Site.Id}";

    /// <summary>The messages that wait, with a sign when the number is an estimate.</summary>
    public string MessagesText => Count(Messages, MessagesIsEstimate);

    public static string Count(long messages, bool isEstimate) => (isEstimate ? "about " : "") + Figures.Count(messages);

    public static string Endpoint(SiteEndpoint endpoint) => EndpointOverlap.Show(endpoint);

    public static string Tls(EndpointTls tls) => tls switch
    {
        EndpointTls.None => "no TLS",
        EndpointTls.StartTls => "STARTTLS offered",
        EndpointTls.RequireStartTls => "STARTTLS required",
        EndpointTls.Implicit => "TLS from the first byte",
    };
}
