using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Api;

/// <summary>A page of a list.</summary>
/// <param name="Items">The rows.</param>
/// <param name="NextCursor">What to give as <c>cursor</c> for the next page; null on the last one.</param>
/// <param name="Total">Rows in the whole list.</param>
/// <param name="TotalIsEstimate">True where <c>total</c> is an estimate, else left out.</param>
sealed record Listed<T>(
    IReadOnlyList<T> Items, string? NextCursor, long Total,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? TotalIsEstimate);

/// <summary>Which page of which list is wanted.</summary>
/// <param name="After">The key of the last row of the page before; null: the first page.</param>
sealed record PageRequest(string List, int Limit, string? After)
{
    const int DefaultLimit = 50, MaxLimit = 500;

    /// <summary>Reads <c>limit</c> and <c>cursor</c>. A cursor of another list is refused like any that was made up.</summary>
    public static Result<PageRequest> Read(string list, string? limit, string? cursor)
    {
        var wanted = DefaultLimit;
        if (limit is not null
            && !(int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out wanted) && wanted is >= 1 and <= MaxLimit))
            return Problem.Invalid("limit", $"Give a whole number from 1 to {MaxLimit}.");
        if (cursor is null) return new PageRequest(list, wanted, null);
        return Open(list, cursor) is { } after
            ? new PageRequest(list, wanted, after)
            : Problem.Invalid("cursor", "This is not a cursor of this list: begin again without one.");
    }

    /// <summary>A page of what is in memory, in the order of its keys.</summary>
    public Listed<TRow> Of<T, TRow>(IReadOnlyCollection<T> all, Func<T, string> key, Func<T, TRow> show)
    {
        var page = all.Select(item => (Key: key(item), Item: item))
            .Where(pair => After is null || string.CompareOrdinal(pair.Key, After) > 0)
            .OrderBy(pair => pair.Key, StringComparer.Ordinal).Take(Limit + 1).ToList();
        var next = page.Count > Limit ? Seal(page[Limit - 1].Key) : null;
        return new([.. page.Take(Limit).Select(pair => show(pair.Item))], next, all.Count, null);
    }

    /// <summary>A page that an operation made with its own cursor, which was <see cref="After"/>.</summary>
    public Listed<TRow> Of<T, TRow>(Page<T> page, Func<T, TRow> show) =>
        new([.. page.Items.Select(show)], page.NextCursor is { } next ? Seal(next) : null, page.Total, page.TotalIsEstimate ? true : null);

    string Seal(string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{List}\n{key}"));

    static string? Open(string list, string cursor)
    {
        if (!Base64Url.IsValid(cursor)) return null;
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return text.StartsWith(list + "\n", StringComparison.Ordinal) ? text[(list.Length + 1)..] : null;
    }
}
