using System.Collections.Concurrent;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>Counts of messages by route and day, in memory.</summary>
sealed class FakeSmartHostStore : ISmartHostStore
{
    readonly ConcurrentDictionary<(string, DateOnly), long> _sent = new();

    public Task<long> CountSentAsync(string route, DateOnly day, long add, CancellationToken stop) =>
        Task.FromResult(_sent.AddOrUpdate((route, day), add, (_, sum) => sum + add));

    public Task<IReadOnlyList<SmartHost>> ListAsync(CancellationToken stop) => throw new NotSupportedException();
    public Task<bool> AddAsync(SmartHost host, CancellationToken stop) => throw new NotSupportedException();
    public Task<bool> UpdateAsync(SmartHost host, CancellationToken stop) => throw new NotSupportedException();
    public Task SetTargetAsync(int id, SmartHostTarget target, CancellationToken stop) => throw new NotSupportedException();
    public Task DeleteAsync(int id, CancellationToken stop) => throw new NotSupportedException();
}
