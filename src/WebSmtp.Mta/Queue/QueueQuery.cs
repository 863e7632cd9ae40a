using System.Globalization;
using System.Text;
using System.Xml;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Queue;

/// <summary>One term of a search as it was given: <c>from:alice</c>.</summary>
public sealed record QueryTerm(string Name, string Value)
{
    public override string ToString() =>
        Name + (Name is "size>" or "size<" ? "" : ":") + (Value.Any(char.IsWhiteSpace) || Value.Length == 0 ? $"\"{Value}\"" : Value);
}

/// <summary>
/// The queue's search in one line, such as <c>state:retry domain:example.com older:2h size&gt;1M</c>. It says the same as the
/// filters of the REST API. A word by itself is looked for in the subject, one with an at sign among the recipients, and a
/// message's number finds it.
/// </summary>
public sealed record QueueQuery(IReadOnlyList<QueryTerm> Terms)
{
    public const int MaxLength = 500;

    /// <summary>What can be asked, with an example and its meaning.</summary>
    public static readonly IReadOnlyList<(string Name, string Example, string Meaning)> Known =
    [
        ("site", "site:2", "of this site, by number or name"),
        ("domain", "domain:example.com", "to this domain"),
        ("state", "state:retry", "queued, retry, waiting (both), held, delivering, frozen; of the past delivered, failed, expired, deleted"),
        ("from", "from:alice", "sender with this in it"),
        ("to", "to:bob@", "recipient with this in it"),
        ("subject", "subject:\"order 7\"", "subject with this in it"),
        ("older", "older:2h", "came longer ago: 30m, 2h, 3d, 1w; or before 2026-11-22T21:10Z"),
        ("newer", "newer:1d", "came since then"),
        ("size>", "size>1M", "larger: bytes, k, M, G"),
        ("size<", "size<10k", "smaller"),
        ("client", "client:192.0.2.7", "from this address"),
        ("reply", "reply:450", "last reply with this in it"),
        ("msgid", "msgid:<1@example.org>", "with this Message-ID"),
        ("history", "history:yes", "also what has left the queue"),
    ];

    static readonly string[] States = ["queued", "retry", "waiting", "held", "delivering", "frozen", "delivered", "failed", "expired", "deleted"];

    public string? this[string name] => Terms.FirstOrDefault(term => term.Name == name)?.Value;

    public override string ToString() => string.Join(' ', Terms);

    /// <summary>The same without a term, or with another value for it.</summary>
    public QueueQuery With(string name, string? value) =>
        new([.. Terms.Where(term => term.Name != name), .. value is null ? [] : new[] { new QueryTerm(name, value) }]);

    /// <summary>Reads the terms. The problem names the one that is wrong, and what can stand there.</summary>
    public static Result<QueueQuery> Read(string? text)
    {
        if (text is { Length: > MaxLength }) return Wrong($"The search has more than {MaxLength} characters.");
        var terms = new List<QueryTerm>();
        foreach (var word in Words(text ?? ""))
        {
            var term = TermOf(word);
            if (term.Value is not { } read) return term.Problem!;
            if (terms.Exists(one => one.Name == read.Name)) return Wrong($"'{read}': {read.Name} is given twice.");
            if (Judge(read) is { } reason) return Wrong($"'{read}': {reason}");
            terms.Add(read);
        }
        return new QueueQuery(terms);
    }

    static Result<QueryTerm> TermOf(string word)
    {
        var end = word.AsSpan().IndexOfAny(':', '<', '>');
        if (word is ['<', ..]) return new QueryTerm("msgid", word);
        if (end <= 0) return MessageId.TryParse(word, out _) ? new QueryTerm("id", word) : new QueryTerm(word.Contains('@', StringComparison.Ordinal) ? "to" : "subject", word);
        var name = word[..end].ToLowerInvariant() + (word[end] is ':' ? "" : word[end]);
        var value = word[(end + 1)..];
        name = name switch { "sender" => "from", "recipient" => "to", "larger" => "size>", "smaller" => "size<", "message-id" => "msgid", _ => name };
        if (name is not "id" && !Known.Any(one => one.Name == name))
            return Wrong($"'{word}': there is no '{word[..(end + 1)]}'. Use {string.Join(", ", Known.Select(one => one.Name is ['s', 'i', 'z', 'e', _] ? one.Name : one.Name + ":"))}.");
        return value.Length == 0 ? Wrong($"'{word}': something must follow, such as {Known.FirstOrDefault(one => one.Name == name).Example}.") : new QueryTerm(name, value);
    }

    static string? Judge(QueryTerm term) => term.Name switch
    {
        "state" when !States.Contains(term.Value.ToLowerInvariant()) => $"give one of {string.Join(", ", States)}.",
        "older" or "newer" when Moment(DateTimeOffset.UnixEpoch, term.Value) is null => "give a time such as 30m, 2h, 3d, 1w or 2026-11-22T21:10Z.",
        "size>" or "size<" when Size(term.Value) is null => "give bytes, or a number with k, M or G.",
        "history" when term.Value is not ("yes" or "no") => "give yes or no.",
        "client" when !System.Net.IPAddress.TryParse(term.Value, out _) => "give an IP address.",
        "id" when term.Value.Split(',').Any(one => !MessageId.TryParse(one, out _)) => "give the numbers of messages, with commas.",
        _ => null,
    };

    /// <summary>The filters, one for each site that is asked for.</summary>
    public Result<IReadOnlyList<MessageFilter>> Filters(Sites.SiteRegistry sites, DateTimeOffset now)
    {
        IEnumerable<int> ids = sites.Sites.Keys.Order();
        if (this["site"] is { } site)
        {
            var found = sites.Sites.Values.FirstOrDefault(view =>
                view.Site.Id.ToString(CultureInfo.InvariantCulture) == site || string.Equals(view.Site.Name, site, StringComparison.OrdinalIgnoreCase));
            if (found is null) return Wrong($"'site:{site}': there is no such site. There are {string.Join(", ", sites.Sites.Values.OrderBy(view => view.Site.Id).Take(10).Select(view => $"{view.Site.Id} ({view.Site.Name})"))}.");
            ids = [found.Site.Id];
        }
        var state = this["state"]?.ToLowerInvariant();
        RecipientState? stored = state is null ? null : state is "retry" or "waiting" ? RecipientState.Queued : Enum.Parse<RecipientState>(state, ignoreCase: true);
        return new([.. ids.Select(id => new MessageFilter(
            id, this["domain"] is { } domain ? QueueOperations.Destination(domain) : null, stored, this["from"], this["to"], this["subject"],
            Moment(now, this["older"]), this["history"] is "yes" || stored >= RecipientState.Delivered, state switch { "retry" => true, "queued" => false, _ => null })
        {
            ReceivedAfter = Moment(now, this["newer"]),
            LargerThan = Size(this["size>"]),
            SmallerThan = Size(this["size<"]),
            Client = this["client"] is { } client ? System.Net.IPAddress.Parse(client).ToString() : null,
            Reply = this["reply"],
            HeaderMessageId = this["msgid"] is { } header ? header is ['<', ..] ? header : $"<{header}>" : null,
            Ids = this["id"]?.Split(',').Select(one => MessageId.TryParse(one, out var read) ? read.Value : 0).ToList(),
        })], null);
    }

    /// <summary>So long ago, or then; null: it is no time.</summary>
    static DateTimeOffset? Moment(DateTimeOffset now, string? text) =>
        Age(text) is { } age ? now - DateTimeOffset.UnixEpoch > age ? now - age : DateTimeOffset.UnixEpoch
        : DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at
        : null;

    /// <summary>A time in short (<c>2h</c>) or as ISO 8601 has it; null: it is none.</summary>
    static TimeSpan? Age(string? text)
    {
        if (text is null or { Length: > 40 }) return null;
        if (text is [.. var number, var unit] && double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount < 1e6)
        {
            return char.ToLowerInvariant(unit) switch
            {
                's' => TimeSpan.FromSeconds(amount),
                'm' => TimeSpan.FromMinutes(amount),
                'h' => TimeSpan.FromHours(amount),
                'd' => TimeSpan.FromDays(amount),
                'w' => TimeSpan.FromDays(7 * amount),
                _ => null,
            };
        }
        try
        {
            return XmlConvert.ToTimeSpan(text) is { Ticks: >= 0 } read ? read : null;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }

    static long? Size(string? text)
    {
        if (text is null or "" or { Length: > 20 }) return null;
        var factor = char.ToLowerInvariant(text[^1]) switch { 'k' => 1L << 10, 'm' => 1L << 20, 'g' => 1L << 30, _ => 1 };
        var number = factor == 1 ? text : text[..^1];
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount * factor < 1e15
            ? (long)(amount * factor)
            : null;
    }

    static Problem Wrong(string message) => Problem.Invalid("q", message);

    /// <summary>Words; what stands in quotes is one, and the quotes go.</summary>
    static IEnumerable<string> Words(string text)
    {
        var (word, quoted) = (new StringBuilder(), false);
        foreach (var c in text)
        {
            if (c is '"') quoted = !quoted;
            else if (!quoted && char.IsWhiteSpace(c))
            {
                if (word.Length > 0) yield return word.ToString();
                word.Clear();
            }
            else if (!char.IsControl(c)) word.Append(c);
        }
        if (word.Length > 0) yield return word.ToString();
    }
}
