namespace WebSmtp.Admin;

/// <summary>Addresses to return to come from the browser: only paths of this server are followed.</summary>
static class ReturnUrl
{
    public static string Local(string? url) =>
        url is ['/', ..] && url is not ['/', '/' or '\\', ..] && !url.Any(char.IsControl) && Uri.IsWellFormedUriString(url, UriKind.Relative)
            ? url
            : "/";
}
