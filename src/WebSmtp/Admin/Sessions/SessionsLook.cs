using System.Xml;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Admin.Sessions;

/// <summary>What of the sessions is looked at, as the address of the page has it.</summary>
public sealed record SessionsLook(int? Site, string? Address, string? Account, string? Direction, string? Outcome, string? Within, bool Ended)
{
    public bool IsFiltered => Text(Address) is not null || Text(Account) is not null || Text(Direction) is not null
        || Ended && (Text(Outcome) is not null || Text(Within) is not null);

    public SessionFilter Filter(DateTimeOffset now) => new(
        Site, Text(Address), Text(Account),
        Ended && Enum.TryParse<SessionOutcome>(Outcome, ignoreCase: true, out var outcome) ? outcome : null,
        Enum.TryParse<SessionDirection>(Direction, ignoreCase: true, out var direction) ? direction : null,
        Ended ? From(now) : null);

    /// <summary>The page's address with these filters.</summary>
    public string Of(bool ended)
    {
        var query = new List<string>();
        Add("ended", ended ? "true" : null);
        Add("site", Site?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Add("address", Address);
        Add("account", Account);
        Add("direction", Direction);
        if (ended)
        {
            Add("outcome", Outcome);
            Add("within", Within);
        }
        return query.Count == 0 ? "/sessions" : "/sessions?" + string.Join('&', query);

        void Add(string name, string? value)
        {
            if (Text(value) is { } text) query.Add($"{name}={Uri.EscapeDataString(text)}");
        }
    }

    DateTimeOffset? From(DateTimeOffset now)
    {
        try
        {
            return Text(Within) is { } span ? now - XmlConvert.ToTimeSpan(span) : null;
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
