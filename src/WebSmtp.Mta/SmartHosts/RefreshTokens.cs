using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>The refresh tokens of kept smart hosts, which their providers change now and then. Thread-safe.</summary>
public sealed class RefreshTokens(SmartHostRegistry registry, ISmartHostStore store, ActGate gate, ILogger<RefreshTokens> log)
{
    /// <summary>The target as it is kept now: who works with an older copy would use a token that is no longer good.</summary>
    internal SmartHostTarget Current(SmartHostTarget target) => Find(target).FirstOrDefault()?.Target ?? target;

    /// <summary>
    /// Puts the new token where the used one was, in the database at once. An administrator who gave another one meanwhile
    /// is not overruled. Where the database cannot be written, the new one is good for as long as the program runs.
    /// </summary>
    internal async Task ReplaceAsync(SmartHostTarget target, byte[] used, byte[] rotated)
    {
        using var pass = await gate.EnterAsync(CancellationToken.None);
        foreach (var host in Find(target).Where(host => host.Target.Auth.RefreshToken is { } kept && kept.AsSpan().SequenceEqual(used)).ToList())
        {
            var changed = host.Target with { Auth = host.Target.Auth with { RefreshToken = rotated } };
            registry.Put(new() { Id = host.Id, Name = host.Name, Target = changed, Limits = host.Limits, Version = host.Version });
            try
            {
                await store.SetTargetAsync(host.Id, changed, CancellationToken.None);
            }
            catch (Exception e)
            {
                Log.RefreshTokenNotKept(log, e, host.Name);
            }
        }
    }

    IEnumerable<SmartHost> Find(SmartHostTarget target)
    {
        var key = LogInKey.Of(target);
        return registry.Hosts.Values.Where(host => LogInKey.Of(host.Target) == key);
    }
}
