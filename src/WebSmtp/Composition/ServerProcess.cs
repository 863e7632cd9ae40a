using Microsoft.AspNetCore.Connections;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;
using WebSmtp.Storage;

namespace WebSmtp.Composition;

/// <summary>Runs the server until it is told to stop.</summary>
static class ServerProcess
{
    /// <summary>The product's version, without the build's own suffix.</summary>
    public static string Version { get; } = typeof(ServerProcess).Assembly.GetName().Version!.ToString(3);

    /// <summary>The process' exit code: 0 after an orderly stop, 1 when it could not start; the reason is on standard error.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            await using var server = await StartAsync(args, Console.Out);
            await server.App.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception e) when (Reason(e) is { } reason)
        {
            await Console.Error.WriteLineAsync($"WebSmtp cannot start. {reason}");
            return 1;
        }
    }

    /// <summary>Starts everything and says where to find it.</summary>
    public static async Task<RunningServer> StartAsync(string[] args, TextWriter console)
    {
        var (app, settings) = ServerBuilder.Build(args);
        try
        {
            await app.Services.GetRequiredService<DatabaseSetup>().OpenAsync(CancellationToken.None);
            var password = await app.Services.GetRequiredService<AccessOperations>()
                .FirstRunAsync(settings.AdminPassword, settings.ApiKey, CancellationToken.None);
            await app.StartAsync();
            LocalAdmin.Write(settings, app);
            await WriteBannerAsync(console, app, settings, password);
            return new(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    static async Task WriteBannerAsync(TextWriter console, WebApplication app, ServerSettings settings, string? password)
    {
        await console.WriteLineAsync($"WebSmtp {Version}");
        await console.WriteLineAsync($"  data directory  {settings.DataDirectory}");
        foreach (var url in app.Urls) await console.WriteLineAsync($"  web admin       {url}");
        foreach (var site in app.Services.GetRequiredService<SiteRegistry>().Sites.Values)
        {
            var endpoints = string.Join(", ", site.Site.Endpoints.Select(one => $"{one.Address}:{one.Port}"));
            await console.WriteLineAsync($"  SMTP site       {site.Site.Name} at {endpoints}: {site.State.ToString().ToLowerInvariant()}{(site.StateReason is { } why ? $", {why}" : "")}");
        }
        if (password is not null)
            await console.WriteLineAsync($"  first administrator: user 'admin', password '{password}' (shown only this once)");
        await console.WriteLineAsync("Ready. Ctrl+C stops.");
    }

    // Null: not something that a person can mend; it shows as a crash.
    static string? Reason(Exception e) => e switch
    {
        SettingsException or DatabaseTooNewException or DataDirectoryInUseException or TimeoutException => e.Message,
        IOException { InnerException: AddressInUseException } => $"The address of the web admin is in use: {e.Message} Choose another with WEBSMTP_URLS.",
        UnauthorizedAccessException or IOException => e.Message,
        _ => null,
    };
}

/// <summary>A server that runs; disposing stops it.</summary>
sealed record RunningServer(WebApplication App) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
