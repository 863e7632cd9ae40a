using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Admin;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;

[assembly: AssemblyFixture(typeof(Browser))]

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>One Chromium for all tests of the web admin; each test has a window of its own. Started when the first asks for it.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>Milliseconds that Playwright waits for what it was told to do or to see.</summary>
    const float Patience = 90_000;

    readonly SemaphoreSlim _starting = new(1), _loggingIn = new(1);
    readonly Dictionary<Uri, string> _logIns = [];
    IPlaywright? _playwright;
    IBrowser? _chromium;

    public ValueTask InitializeAsync() => default;

    /// <summary>A window in which nobody is logged in.</summary>
    public async Task<IPage> OpenAsync(WebSmtpProcess server, WindowOptions? options = null, string? state = null)
    {
        options ??= new();
        var context = await (await ChromiumAsync()).NewContextAsync(new()
        {
            BaseURL = server.WebUrl.ToString(),
            ColorScheme = options.Dark ? ColorScheme.Dark : ColorScheme.Light,
            ViewportSize = new() { Width = options.Width, Height = 800 },
            JavaScriptEnabled = options.JavaScript,
            Locale = "en-GB",
            TimezoneId = options.TimeZone,
            StorageState = state,
        });
        CloseWindowsAttribute.WhenTestEnds(context);
        context.SetDefaultTimeout(Patience);
        Assertions.SetDefaultExpectTimeout(Patience);
        return await context.NewPageAsync();
    }

    /// <summary>A window in which the first administrator is logged in.</summary>
    public async Task<IPage> OpenLoggedInAsync(WebSmtpProcess server, WindowOptions? options = null) =>
        await OpenAsync(server, options, await LogInAsync(server));

    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null) await _chromium.DisposeAsync();
        _playwright?.Dispose();
        _starting.Dispose();
        _loggingIn.Dispose();
    }

    /// <summary>The cookies of a log-in, made once for each server: hashing a password is slow on purpose.</summary>
    async Task<string> LogInAsync(WebSmtpProcess server)
    {
        await _loggingIn.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_logIns.TryGetValue(server.WebUrl, out var known)) return known;
            var page = await OpenAsync(server);
            await page.GotoAsync("/login");
            await page.SubmitLogInAsync("admin", ServerOptions.AdminPassword);
            await page.WaitForURLAsync(server.WebUrl.ToString(), new() { WaitUntil = WaitUntilState.Commit });
            var state = await page.Context.StorageStateAsync();
            await page.Context.CloseAsync();
            return _logIns[server.WebUrl] = state;
        }
        finally
        {
            _loggingIn.Release();
        }
    }

    async Task<IBrowser> ChromiumAsync()
    {
        var path = Tool.Need("chromium");
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            return _chromium ??= await _playwright.Chromium.LaunchAsync(new()
            {
                ExecutablePath = path,
                ChromiumSandbox = false,
                Args = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
            });
        }
        finally
        {
            _starting.Release();
        }
    }
}

/// <summary>What a window is like.</summary>
public sealed record WindowOptions(int Width = 1280, bool Dark = false, bool JavaScript = true, string? TimeZone = null);
