namespace WebSmtp.Mta.SmartHosts;

/// <summary>Smart hosts in the database. Thread-safe. Names are looked up without case.</summary>
public interface ISmartHostStore
{
    Task<IReadOnlyList<SmartHost>> ListAsync(CancellationToken stop);

    /// <summary>False when the name is taken.</summary>
    Task<bool> AddAsync(SmartHost host, CancellationToken stop);

    /// <summary>False when it is gone or was changed meanwhile; raises the version otherwise.</summary>
    Task<bool> UpdateAsync(SmartHost host, CancellationToken stop);
    Task DeleteAsync(int id, CancellationToken stop);

    /// <summary>Writes only the target; the version stays. For what the program changes itself: a rotated token.</summary>
    Task SetTargetAsync(int id, SmartHostTarget target, CancellationToken stop);

    /// <summary>Messages handed to a route on a UTC day; counts on <paramref name="add"/> and returns the sum.</summary>
    Task<long> CountSentAsync(string route, DateOnly day, long add, CancellationToken stop);
}

/// <summary>How many messages a route took on a day: what a budget per day is measured against, on all nodes together.</summary>
public sealed class RouteUsage
{
    public required string Route { get; set; }
    public DateOnly Day { get; set; }
    public long Messages { get; set; }
}
