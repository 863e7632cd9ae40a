using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.JSInterop;
using WebSmtp.Mta.Events;

namespace WebSmtp.Admin;

/// <summary>
/// A part of a page that follows what happens: loads before it is first drawn (so a page without a live connection
/// shows the same), and again when an event concerns it, at most once a second. While nobody looks at the tab, or the
/// connection is broken, it rests.
/// </summary>
public abstract class LivePart : ComponentBase, IAsyncDisposable
{
    static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(1);

    /// <summary>Not everything is an event: another node, or a clock that passed a due time.</summary>
    static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(10);

    readonly CancellationTokenSource _gone = new();
    Task _following = Task.CompletedTask;
    DotNetObjectReference<LivePart>? _self;
    EventWatch? _watch;
    ITimer? _later;
    volatile bool _hidden;

    bool Rests => _hidden || Line.IsDown;

    [Inject] protected TimeProvider Time { get; set; } = default!;
    [Inject] EventStream Events { get; set; } = default!;
    [Inject] NavigationManager Navigation { get; set; } = default!;
    [Inject] AuthenticationStateProvider LogIn { get; set; } = default!;
    [Inject] protected IJSRuntime Script { get; set; } = default!;
    [Inject] CircuitLine Line { get; set; } = default!;

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
        // From before the first look on: what happens between the two would be missed.
        if (RendererInfo.IsInteractive) _watch ??= Events.Watch(what => Concerns(what) && !Rests);
        await LoadAsync(_gone.Token);
        await base.SetParametersAsync(ParameterView.Empty);
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (!firstRender || !RendererInfo.IsInteractive) return;
        LogIn.AuthenticationStateChanged += ReloadWhenLoggedOut;
        Line.CameBack += RefreshWhenBack;
        _following = FollowAsync(_watch!, _gone.Token);
        _ = TellVisibilityAsync();
    }

    /// <summary>What was not fetched this time, to spare the server, is fetched then.</summary>
    protected void RefreshAfter(TimeSpan time) => (_later ??= Time.CreateTimer(_ => _watch?.Mark(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan))
        .Change(time, Timeout.InfiniteTimeSpan);

    /// <summary>The script tells that the tab is looked at, or not any more.</summary>
    [JSInvokable]
    public void SetHidden(bool hidden)
    {
        _hidden = hidden;
        if (!hidden) Refresh();
    }

    void Refresh() => _watch?.Mark();

    void RefreshWhenBack(object? sender, EventArgs e) => Refresh();

    /// <param name="watch">However much happens between two refreshes, there is one reason to refresh.</param>
    async Task FollowAsync(EventWatch watch, CancellationToken gone)
    {
        await using var unprompted = Time.CreateTimer(_ => { if (!Rests) watch.Mark(); }, null, MaxInterval, MaxInterval);
        try
        {
            while (true)
            {
                await watch.WaitAsync(gone);
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
            // The page is gone.
        }
        catch (Exception e)
        {
            // The circuit ends with the error; the browser then loads the page anew.
            await DispatchExceptionAsync(e);
        }
    }

    async Task TellVisibilityAsync()
    {
        try
        {
            await Script.InvokeVoidAsync("websmtp.tellVisibility", _gone.Token, _self = DotNetObjectReference.Create(this));
        }
        catch (Exception e) when (e is JSException or JSDisconnectedException or OperationCanceledException)
        {
            // Without it the part goes on as if it were looked at.
        }
    }

    async void ReloadWhenLoggedOut(Task<AuthenticationState> state)
    {
        if ((await state).User.Identity is not { IsAuthenticated: true }) Navigation.NavigateTo(Navigation.Uri, forceLoad: true);
    }

    public async ValueTask DisposeAsync()
    {
        LogIn.AuthenticationStateChanged -= ReloadWhenLoggedOut;
        Line.CameBack -= RefreshWhenBack;
        await _gone.CancelAsync();
        await _following;
        _watch?.Dispose();
        _self?.Dispose();
        _later?.Dispose();
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }
}
