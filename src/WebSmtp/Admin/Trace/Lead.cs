using System.Net;
using System.Text.RegularExpressions;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Admin.Trace;

/// <summary>Where a search leads.</summary>
sealed partial record Lead(string Words, string Href)
{
    const int Most = 12;

    /// <summary>What may be numbers of messages.</summary>
    public static IEnumerable<MessageId> Ids(string text) =>
        Number().Matches(Short(text)).Take(Most).Select(found => MessageId.TryParse(found.Value, out var id) ? id : default).Where(id => id != default);

    /// <summary>What is meant by a text: one lead where that is clear.</summary>
    public static IReadOnlyList<Lead> Of(string given)
    {
        var text = Short(given).Trim();
        if (QueueQuery.Read(text).Value is { Terms: [{ } first, ..] } query && (query.Terms.Count > 1 || text.StartsWith(first.Name, StringComparison.OrdinalIgnoreCase)))
            return [new("Messages that match", Messages(query.ToString()))];
        if (IPAddress.TryParse(text.Trim('[', ']'), out var ip) && text.AsSpan().IndexOfAny('.', ':') >= 0) return OfClient(ip);
        if (Code().IsMatch(text)) return [new($"Waiting mail whose last reply has {text}", Messages($"reply:{text}")), new($"All replies with {text}, also of what has left", Trace("reply", text))];
        if (text is ['<', .., '>'] && text.Contains('@', StringComparison.Ordinal)) return [.. OfHeader(text), .. OfAddress(text.Trim('<', '>'))];
        if (Address().Match(text) is { Success: true } address && address.Length == text.Length) return OfAddress(text);
        if (Domain().Match(text) is { Success: true } domain && domain.Length == text.Length) return [new($"Mail that waits for {text}", Messages($"domain:{text}"))];

        // A line from somewhere: whatever in it can be followed.
        var leads = new List<Lead>();
        foreach (var found in Bracketed().Matches(text).Select(match => match.Value).Distinct()) leads.AddRange([.. OfHeader(found), .. OfAddress(found.Trim('<', '>'))]);
        if (leads.Count == 0) foreach (var found in Address().Matches(text).Select(match => match.Value).Distinct()) leads.AddRange(OfAddress(found));
        foreach (var found in Ip().Matches(text).Select(match => match.Value).Distinct())
            if (IPAddress.TryParse(found, out var client)) leads.AddRange(OfClient(client));
        foreach (var id in Ids(text)) leads.Add(new($"What is kept of {id}", Trace("messageId", id.ToString())));
        if (leads.Count == 0 && text.Length > 0) leads.Add(new($"Messages with “{text}” in the subject", Messages(new QueryTerm("subject", text.Replace("\"", "", StringComparison.Ordinal)).ToString())));
        return [.. leads.Take(Most)];
    }

    static Lead[] OfHeader(string header) => [new($"The message with the Message-ID {header}", Trace("messageId", header))];

    static Lead[] OfAddress(string address) =>
    [
        new($"Mail that waits for {address}", Messages($"to:{address}")), new($"Mail that waits from {address}", Messages($"from:{address}")),
        new($"What became of mail to {address}", Trace("recipient", address)), new($"What became of mail from {address}", Trace("sender", address)),
    ];

    static Lead[] OfClient(IPAddress client) =>
        [new($"What came from {client}, and what was refused", Trace("client", client.ToString())), new($"Waiting mail that came from {client}", Messages($"client:{client}"))];

    static string Messages(string query) => "/messages?q=" + Uri.EscapeDataString(query);

    static string Trace(string name, string value) => $"/trace?{name}={Uri.EscapeDataString(value)}";

    static string Short(string text) => text.Length <= 500 ? text : text[..500];

    [GeneratedRegex("(?<![0-9A-Za-z])[0-9A-Za-z]{13}(?![0-9A-Za-z])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 500)]
    private static partial Regex Number();

    [GeneratedRegex("^[2-5][0-9]{2}( [2-5]\\.[0-9]{1,3}\\.[0-9]{1,3})?$|^[2-5]\\.[0-9]{1,3}\\.[0-9]{1,3}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 500)]
    private static partial Regex Code();

    [GeneratedRegex("[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 500)]
    private static partial Regex Address();

    [GeneratedRegex("<[^<>@\\s]{1,200}@[^<>@\\s]{1,255}>", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 500)]
    private static partial Regex Bracketed();

    [GeneratedRegex("[A-Za-z0-9_-]{1,63}(\\.[A-Za-z0-9_-]{1,63}){1,10}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 500)]
    private static partial Regex Domain();

    [GeneratedRegex("(?<![0-9.])[0-9]{1,3}(\\.[0-9]{1,3}){3}(?![0-9.])|[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{0,4}){3,7}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 500)]
    private static partial Regex Ip();
}
