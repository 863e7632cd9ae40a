using System.Globalization;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;

namespace WebSmtp.Admin.Collectors;

/// <summary>Collectors in words.</summary>
static class CollectorWords
{
    public static string Address(Collector collector) => Address(collector.SiteId, collector.Name);

    public static string Address(int siteId, string name) => string.Create(CultureInfo.InvariantCulture, $"/collectors/{siteId}/{Uri.EscapeDataString(name)}");

    public static string Host(Collector collector) => new Mta.Sites.HostAndPort(collector.Host, collector.Port).ToString();

    public static string Method(Collector collector) => collector.Method.ToString().ToUpperInvariant();

    public static string AskedFor(Collector collector) => collector switch
    {
        { Method: CollectionMethod.Turn } => "what belongs to the account",
        { Domains.Count: 0 } => "all that belongs to the account",
        _ => string.Join(", ", collector.Domains),
    };

    public static string Schedule(Collector collector) => collector switch
    {
        { Enabled: false } => "switched off",
        { Every: { } every } => $"every {Figures.Interval(every)}",
        { Schedule: { } cron } => $"{cron} (UTC)",
        _ => "on demand",
    };
}
