namespace WebSmtp.Admin;

/// <summary>A live part that may change all the time: while its tab is hidden it leaves off, and costs nothing.</summary>
public abstract class WatchingPart : LivePart
{
    bool _hidden;

    /// <summary>Fetches what is shown, if somebody looks.</summary>
    protected sealed override Task LoadAsync(CancellationToken stop) => _hidden ? Task.CompletedTask : LookAsync(stop);

    protected abstract Task LookAsync(CancellationToken stop);

    /// <summary>From a <c>TabWatch</c>.</summary>
    protected async Task HiddenAsync(bool hidden)
    {
        _hidden = hidden;
        if (!hidden) await LookAsync(CancellationToken.None);
    }
}
