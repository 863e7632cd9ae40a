using System.Collections.Frozen;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>The kept smart hosts as routes see them now: immutable, replaced whole by every change. Thread-safe.</summary>
public sealed class SmartHostRegistry
{
    volatile FrozenDictionary<string, SmartHost> _hosts = FrozenDictionary<string, SmartHost>.Empty;

    /// <summary>By name, without case.</summary>
    public IReadOnlyDictionary<string, SmartHost> Hosts => _hosts;

    public SmartHost? Find(string name) => _hosts.GetValueOrDefault(name);

    internal void Set(IEnumerable<SmartHost> hosts) =>
        _hosts = hosts.ToFrozenDictionary(host => host.Name, StringComparer.OrdinalIgnoreCase);
}
