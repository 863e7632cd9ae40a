using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Admin.Start;

/// <summary>How far the set-up of a new server is, read off what is there: nothing is remembered about the guide itself.</summary>
/// <param name="PasswordChanged">The user has another password than the one it was made with.</param>
/// <param name="SiteNamed">The default site was looked at and saved.</param>
/// <param name="Tested">The newest message of the default site; null: there was never one.</param>
sealed record StartFacts(SiteView Site, bool PasswordChanged, bool SiteNamed, string Routing, bool Routed, Message? Tested)
{
    const string DismissedCookie = "websmtp-started";

    public bool AllDone => PasswordChanged && SiteNamed && Tested is not null;

    /// <summary>Nobody has set up anything yet.</summary>
    public bool IsNew(SiteRegistry sites) => !SiteNamed && !Routed && Tested is null && sites.Sites.Count == 1;

    public static bool IsDismissed(HttpRequest request) => request.Cookies.ContainsKey(DismissedCookie);

    public static void Dismiss(HttpContext context) => context.Response.Cookies.Append(DismissedCookie, "1", new()
    {
        HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, IsEssential = true, MaxAge = TimeSpan.FromDays(3650),
    });

    /// <summary>Null where there is no default site.</summary>
    public static async Task<StartFacts?> ReadAsync(
        SiteRegistry sites, QueueOperations queue, AccessOperations access, Actor actor, CancellationToken stop)
    {
        if (sites.Find(WebSmtp.Mta.Sites.Site.DefaultId) is not { } view) return null;
        var site = view.Site;
        var user = (await access.FindUserAsync(actor.Name, actor, stop)).Value?.User;
        var newest = await queue.ListAsync(new(site.Id, History: true), null, 1, stop);
        var held = site.Domains.Where(domain => domain.IsHeld).Select(domain => domain.Name).Order(StringComparer.Ordinal).ToList();
        var host = site.Settings.Get(SettingsTable.SmartHost);
        var routing = (host, held.Count) switch
        {
            ({ Target: { } target }, _) => $"All mail goes to the smart host {target.Host}.",
            ({ Use: var names }, _) => $"All mail goes to the smart host {string.Join(", then ", names)}.",
            (null, > 0) => $"Mail for {string.Join(", ", held.Take(3))}{(held.Count > 3 ? " and others" : null)} is held; other mail goes to the hosts that DNS names.",
            _ => "Mail goes to the hosts that DNS names for each domain.",
        };
        // A user's own row is of its first version until its password or role is changed.
        return new(view, user is not { Version: 1 }, site.Version > 1, routing, host is not null || held.Count > 0, newest.Items is [var first, ..] ? first : null);
    }
}
