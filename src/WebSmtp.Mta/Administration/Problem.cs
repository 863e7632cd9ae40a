namespace WebSmtp.Mta.Administration;

/// <summary>The kinds of refusal that an administrative act can meet; each door maps them to its own words (400, 403, 404, 409, 412, 413, 503).</summary>
public enum ProblemKind { Invalid, Forbidden, NotFound, Conflict, Stale, TooLarge, Unavailable }

/// <summary>
/// Why an administrative act was refused: one sentence for people, and for bad input the messages of each field.
/// Field names are those of the REST contract (<c>endpoints[0].port</c>, <c>route.turnAccounts</c>).
/// </summary>
public sealed record Problem(ProblemKind Kind, string Detail, IReadOnlyDictionary<string, string[]> Errors)
{
    static readonly Dictionary<string, string[]> NoErrors = [];

    public static Problem Invalid(string field, string message) =>
        new(ProblemKind.Invalid, message, new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] });
    public static Problem Forbidden(string detail) => new(ProblemKind.Forbidden, detail, NoErrors);
    public static Problem NotFound(string detail) => new(ProblemKind.NotFound, detail, NoErrors);
    public static Problem Conflict(string detail) => new(ProblemKind.Conflict, detail, NoErrors);
    public static Problem TooLarge(string detail) => new(ProblemKind.TooLarge, detail, NoErrors);

    /// <summary>It may be different later.</summary>
    public static Problem Unavailable(string detail) => new(ProblemKind.Unavailable, detail, NoErrors);
    public static Problem Stale(string detail) => new(ProblemKind.Stale, detail, NoErrors);
}

/// <summary>The value of an administrative act, or the problem that stopped it. Exactly one is there.</summary>
public readonly record struct Result<T>(T? Value, Problem? Problem) where T : class
{
    public static implicit operator Result<T>(T value) => new(value, null);
    public static implicit operator Result<T>(Problem problem) => new(null, problem);
}

/// <summary>A page of a list. <paramref name="NextCursor"/> is null on the last one.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor, long Total, bool TotalIsEstimate = false);
