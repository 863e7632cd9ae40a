using System.Data.Common;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using WebSmtp.Listening;
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
        RunningServer server;
        try
        {
            server = await StartAsync(args, Console.Out);
        }
        catch (StoppedException)
        {
            return 0;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"WebSmtp cannot start. {Reason(e)}");
            return 1;
        }
        await using (server) await server.App.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>Starts everything and says where to find it. Throws <see cref="StoppedException"/> when it is told to stop meanwhile.</summary>
    public static async Task<RunningServer> StartAsync(string[] args, TextWriter console)
    {
        var (app, settings) = ServerBuilder.Build(args);
        if (settings.IsEmbedded) SocketThreads.GoOnWithSessions();
        try
        {
            await app.Services.GetRequiredService<DatabaseSetup>().OpenAsync(CancellationToken.None);
            var password = await app.Services.GetRequiredService<AccessOperations>()
                .FirstRunAsync(settings.AdminPassword, settings.ApiKey, CancellationToken.None);
            await WriteWelcomeAsync(console, settings, password);
            await app.StartAsync();
            LocalAdmin.Write(settings, app);
            await WriteBannerAsync(console, app);
            return new(app);
        }
        catch (Exception e)
        {
            var stopped = app.Lifetime.ApplicationStopping.IsCancellationRequested;
            await app.DisposeAsync();
            if (stopped && e is OperationCanceledException) throw new StoppedException();
            throw;
        }
    }

    /// <summary>The password is in the database by now: it is said even when the start fails after this.</summary>
    static async Task WriteWelcomeAsync(TextWriter console, ServerSettings settings, string? password)
    {
        await console.WriteLineAsync($"WebSmtp {Version}");
        await console.WriteLineAsync($"  data directory  {settings.DataDirectory}");
        if (password is not null)
            await console.WriteLineAsync($"  first administrator: user 'admin', password '{password}' (shown only this once)");
    }

    static async Task WriteBannerAsync(TextWriter console, WebApplication app)
    {
        foreach (var url in app.Urls) await console.WriteLineAsync($"  web admin       {url}");
        foreach (var site in app.Services.GetRequiredService<SiteRegistry>().Sites.Values)
        {
            var endpoints = string.Join(", ", site.Site.Endpoints.Select(one => EndpointOverlap.Show(one)));
            var state = site.State.ToString().ToLowerInvariant() + (site.StateReason is { } why ? $", {why}" : "");
            await console.WriteLineAsync($"  SMTP site       {site.Site.Name} at {endpoints}: {state}");
        }
        await console.WriteLineAsync("Ready. Ctrl+C stops.");
    }

    static string Reason(Exception e) => e switch
    {
        SettingsException or DatabaseTooNewException or DataDirectoryInUseException or TimeoutException => e.Message,
        IOException { InnerException: AddressInUseException } => $"The address of the web admin is in use: {e.Message} Choose another with WEBSMTP_URLS.",
        // Sites whose sockets cannot be had are failed; only the web admin's stop the start.
        SocketException => $"The web admin cannot listen where WEBSMTP_URLS says: {e.Message}.",
        // An address that can be read, but not be had so: https without a certificate, a path.
        InvalidOperationException { Source: "Microsoft.AspNetCore.Server.Kestrel.Core" } =>
            $"The web admin cannot listen where WEBSMTP_URLS says: {e.Message.Split('\n')[0].TrimEnd()}",
        UnauthorizedAccessException or IOException => e.Message,
        _ when DatabaseTrouble(e) is { } trouble => $"The database cannot be used: {trouble}",
        // Not something that a person can mend without knowing more.
        _ => e.ToString(),
    };

    static string? DatabaseTrouble(Exception e)
    {
        for (var inner = e; inner is not null; inner = inner.InnerException)
            if (inner is DbException) return inner.Message;
        return null;
    }
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

/// <summary>The server was told to stop while it started.</summary>
sealed class StoppedException : Exception;
