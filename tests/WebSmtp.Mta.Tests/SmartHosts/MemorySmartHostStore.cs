using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Tests.SmartHosts;

/// <summary>Smart hosts in memory, by the rules of the store.</summary>
sealed class MemorySmartHostStore : ISmartHostStore
{
    readonly List<SmartHost> _hosts = [];
    int _lastId;

    public IReadOnlyList<SmartHost> Hosts => _hosts;

    /// <summary>Thrown by the next write of a target.</summary>
    public Exception? Trouble { get; set; }

    public Task<IReadOnlyList<SmartHost>> ListAsync(CancellationToken stop) => Task.FromResult<IReadOnlyList<SmartHost>>([.. _hosts.Select(Copy)]);

    public Task<bool> AddAsync(SmartHost host, CancellationToken stop)
    {
        if (_hosts.Exists(other => other.Name.Equals(host.Name, StringComparison.OrdinalIgnoreCase))) return Task.FromResult(false);
        host.Id = ++_lastId;
        _hosts.Add(Copy(host));
        return Task.FromResult(true);
    }

    public Task<bool> UpdateAsync(SmartHost host, CancellationToken stop)
    {
        if (_hosts.FindIndex(other => other.Id == host.Id && other.Version == host.Version) is var index && index < 0) return Task.FromResult(false);
        host.Version++;
        _hosts[index] = Copy(host);
        return Task.FromResult(true);
    }

    public Task DeleteAsync(int id, CancellationToken stop)
    {
        _hosts.RemoveAll(host => host.Id == id);
        return Task.CompletedTask;
    }

    public Task SetTargetAsync(int id, SmartHostTarget target, CancellationToken stop)
    {
        if (Trouble is { } trouble) throw trouble;
        _hosts.Find(host => host.Id == id)!.Target = target;
        return Task.CompletedTask;
    }

    public Task<long> CountSentAsync(string route, DateOnly day, long add, CancellationToken stop) => throw new NotSupportedException();

    static SmartHost Copy(SmartHost host) => new() { Id = host.Id, Name = host.Name, Target = host.Target, Limits = host.Limits, Version = host.Version };
}
