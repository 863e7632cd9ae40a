using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using WebSmtp.Mta.Events;

namespace WebSmtp.Admin;

/// <summary>
/// A part of a page that follows what happens: loads before it is first drawn (so a page without a live connection
/// shows the same), and again when an event concerns it, at most twice a second.
/// </summary>
public abstract class LivePart : ComponentBase, IAsyncDisposable
{
    static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(500);

    readonly CancellationTokenSource _gone = new();
    Task _following = Task.CompletedTask;

    [Inject] protected TimeProvider Time { get; set; } = default!;
    [Inject] EventStream Events { get; set; } = default!;
    [Inject] NavigationManager Navigation { get; set; } = default!;
    [Inject] AuthenticationStateProvider LogIn { get; set; } = default!;

    /// <summary>Fetches what is shown. Called again and again; never twice at once.</summary>
    protected abstract Task LoadAsync(CancellationToken stop);

    /// <summary>Whether an event may have changed what is shown.</summary>
    protected abstract bool Concerns(MtaEvent what);

    /// <summary>Puts the marker that tests and the style sheet look for on the part's root.</summary>
    protected string Interactive => RendererInfo.IsInteractive ? "true" : "false";

    // The base class draws before an asynchronous start has ended; the prerendered part would flicker to an empty one.
    public override async Task SetParametersAsync(ParameterView parameters)
    {
        parameters.SetParameterProperties(this);
        await LoadAsync(_gone.Token);
        await base.SetParametersAsync(ParameterView.Empty);
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (!firstRender || !RendererInfo.IsInteractive) return;
        LogIn.AuthenticationStateChanged += ReloadWhenLoggedOut;
        _following = FollowAsync(_gone.Token);
    }

    async Task FollowAsync(CancellationToken gone)
    {
        using var changed = new SemaphoreSlim(0, 1);
        var watching = WatchAsync(changed, gone);
        try
        {
            while (true)
            {
                await changed.WaitAsync(gone);
                await InvokeAsync(async () =>
                {
                    await LoadAsync(gone);
                    StateHasChanged();
                });
                await Task.Delay(MinInterval, Time, gone);
            }
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception e)
        {
            // The circuit ends with the error; the browser then reloads the page.
            await DispatchExceptionAsync(e);
        }
    }

    /// <summary>Reads all that happens and only leaves word that something did, so that a busy server costs one refresh.</summary>
    async Task WatchAsync(SemaphoreSlim changed, CancellationToken gone)
    {
        await foreach (var what in Events.ReadAsync(gone))
        {
            if (changed.CurrentCount is 0 && Concerns(what)) changed.Release();
        }
    }

    async void ReloadWhenLoggedOut(Task<AuthenticationState> state)
    {
        if ((await state).User.Identity is not { IsAuthenticated: true }) Navigation.NavigateTo(Navigation.Uri, forceLoad: true);
    }

    public async ValueTask DisposeAsync()
    {
        LogIn.AuthenticationStateChanged -= ReloadWhenLoggedOut;
        await _gone.CancelAsync();
        await _following;
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }
}
