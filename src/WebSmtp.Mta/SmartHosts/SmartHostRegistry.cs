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

    /// <summary>Adds one, or puts it in place of the one with its name. Only inside an act: changes follow one another.</summary>
    internal void Put(SmartHost host) => Set(_hosts.Values.Where(other => other.Id != host.Id).Append(host));
}
