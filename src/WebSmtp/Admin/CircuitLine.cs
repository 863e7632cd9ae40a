using Microsoft.AspNetCore.Components.Server.Circuits;

namespace WebSmtp.Admin;

/// <summary>Whether a circuit's browser is connected: what nobody receives need not be worked out.</summary>
public sealed class CircuitLine : CircuitHandler
{
    volatile bool _isDown;

    /// <summary>False also where there is no circuit: while a page is drawn without one.</summary>
    public bool IsDown => _isDown;

    /// <summary>Raised on any thread.</summary>
    public event EventHandler? CameBack;

    public override Task OnConnectionDownAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _isDown = true;
        return Task.CompletedTask;
    }

    public override Task OnConnectionUpAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _isDown = false;
        CameBack?.Invoke(this, EventArgs.Empty);
        return Task.CompletedTask;
    }
}
