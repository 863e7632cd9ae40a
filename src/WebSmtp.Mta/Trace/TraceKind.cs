namespace WebSmtp.Mta.Trace;

/// <summary>What can be asked for alone; the charts count the same.</summary>
public enum TraceKind { Refused, Delivered, Deferred, Failed }

/// <summary>Which events of messages are of a kind; refusals are none.</summary>
public static class TraceKinds
{
    static readonly (string Event, TraceKind Kind)[] All =
    [
        ("delivered", TraceKind.Delivered), ("collected", TraceKind.Delivered), ("deferred", TraceKind.Deferred), ("failed", TraceKind.Failed), ("expired", TraceKind.Failed),
    ];

    public static IReadOnlyList<string> EventsOf(TraceKind kind) => [.. All.Where(one => one.Kind == kind).Select(one => one.Event)];

    /// <summary>Null: of none.</summary>
    public static TraceKind? Of(string what)
    {
        foreach (var (name, kind) in All)
        {
            if (name == what) return kind;
        }
        return null;
    }
}
