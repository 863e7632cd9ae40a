using WebSmtp.Mta.Queue;

namespace WebSmtp.Admin.Queue;

/// <summary>What a list of messages shows, as its address has it.</summary>
sealed record ListAddress(QueueQuery Query, MessageSort Sort = MessageSort.Oldest)
{
    public string Href => Of("/messages", "");

    /// <summary>The question whether something is to be done with all that match.</summary>
    public string ToAct(QueueAct act) => Of("/messages/act", $"act={act.ToString().ToLowerInvariant()}");

    public string Without(string term) => (this with { Query = Query.With(term, null) }).Href;

    string Of(string path, string first)
    {
        var parts = new List<string>();
        if (first.Length > 0) parts.Add(first);
        if (Query.Terms.Count > 0) parts.Add("q=" + Uri.EscapeDataString(Query.ToString()));
        if (Sort is not MessageSort.Oldest) parts.Add("sort=" + SortName(Sort));
        return parts.Count == 0 ? path : path + "?" + string.Join('&', parts);
    }

    public static string SortName(MessageSort sort) => sort switch
    {
        MessageSort.Newest => "newest",
        MessageSort.NextTry => "nextTry",
        MessageSort.Largest => "largest",
        _ => "oldest",
    };

    public static MessageSort SortOf(string? name) =>
        Enum.TryParse<MessageSort>(name, ignoreCase: true, out var sort) && Enum.IsDefined(sort) ? sort : MessageSort.Oldest;
}
