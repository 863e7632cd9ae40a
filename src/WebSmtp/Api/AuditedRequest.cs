namespace WebSmtp.Api;

/// <summary>What a request that was refused at the door would have done, in the words of the audit record.</summary>
static class AuditedRequest
{
    const string Base = "/api/v1/";

    public static (string Action, string Object) Of(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        var what = path.StartsWith(Base, StringComparison.OrdinalIgnoreCase) ? path[Base.Length..].TrimEnd('/') : path;
        var (parent, last) = what.LastIndexOf('/') is > 0 and var slash ? (what[..slash], what[(slash + 1)..]) : ("", what);
        return request.Method switch
        {
            "GET" or "HEAD" when last is "content" => ("read content", parent),
            "GET" or "HEAD" => ("read", what),
            "PUT" => ("set", what),
            "PATCH" => ("change", what),
            "DELETE" => ("delete", what),
            // A POST is to a collection, or ends in what is to be done: sites/2/stop.
            _ when parent.Contains('/', StringComparison.Ordinal) && last.All(char.IsAsciiLetterLower) && last is not ("domains" or "messages" or "collectors") => (last, parent),
            _ => ("create", what),
        };
    }
}
