namespace WebSmtp.Admin.Overview;

/// <summary>How far back a chart goes, as the address and the reader call it.</summary>
sealed record TrafficRange(string Name, string Words, TimeSpan Length)
{
    public static readonly IReadOnlyList<TrafficRange> All =
    [
        new("1h", "1 hour", TimeSpan.FromHours(1)), new("24h", "24 hours", TimeSpan.FromHours(24)),
        new("7d", "7 days", TimeSpan.FromDays(7)), new("30d", "30 days", TimeSpan.FromDays(30)),
    ];

    /// <summary>A day when there is no such name.</summary>
    public static TrafficRange Find(string? name) => All.FirstOrDefault(range => range.Name == name) ?? All[1];
}
