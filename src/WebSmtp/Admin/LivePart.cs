using System.Threading.Channels;
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

    /// <summary>Not everything is an event: another node, or a clock that passed a due time.</summary>
    static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(10);

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

    /// <summary>
    /// What the page is about is gone: the page is loaded anew and says so. Its other parts would go on offering what can
    /// no longer be done.
    /// </summary>
    protected void LeaveGone()
    {
        if (RendererInfo.IsInteractive) Navigation.NavigateTo(Navigation.Uri, forceLoad: true);
    }

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
        // Room for one: however much happens between two refreshes, there is one reason to refresh.
        var changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
        var watching = WatchAsync(changed.Writer, gone);
        await using var unprompted = Time.CreateTimer(_ => changed.Writer.TryWrite(true), null, MaxInterval, MaxInterval);
        try
        {
            while (true)
            {
                await changed.Reader.ReadAsync(gone);
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
            // The circuit ends with the error; the browser then loads the page anew.
            await DispatchExceptionAsync(e);
        }
    }

    async Task WatchAsync(ChannelWriter<bool> changed, CancellationToken gone)
    {
        await foreach (var what in Events.ReadAsync(gone))
        {
            if (Concerns(what)) changed.TryWrite(true);
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
