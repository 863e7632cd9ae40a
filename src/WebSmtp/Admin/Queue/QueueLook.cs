using WebSmtp.Mta.Queue;

namespace WebSmtp.Admin.Queue;

/// <summary>Which destinations are looked at, and in which order, as the address of the page has it.</summary>
public sealed record QueueLook(int? Site, string? Domain, string? Sort)
{
    public static readonly IReadOnlyList<(string? Sort, string Words)> Orders =
        [(null, "By name"), ("messages", "Most first"), ("oldest", "Oldest first"), ("nextTry", "Next try first")];

    public bool IsFiltered => Text.Length > 0;

    public DestinationQuery Query => new(Text,
        Enum.TryParse<DestinationSort>(Sort, ignoreCase: true, out var sort) && Enum.IsDefined(sort) ? sort : DestinationSort.Name);

    public string Href
    {
        get
        {
            var query = new List<string>();
            if (Site is { } site) query.Add($"site={site}");
            if (Text.Length > 0) query.Add($"domain={Uri.EscapeDataString(Text)}");
            if (Query.Sort is not DestinationSort.Name) query.Add($"sort={Sort}");
            return query.Count is 0 ? "/queue" : "/queue?" + string.Join('&', query);
        }
    }

    string Text => Domain?.Trim() ?? "";
}
