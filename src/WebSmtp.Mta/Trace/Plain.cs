namespace WebSmtp.Mta.Trace;

/// <summary>Names that somebody else chose, as they may stand in a reply or a record.</summary>
static class Plain
{
    const int MaxLength = 250;

    /// <summary>What is no printable ASCII becomes a question mark.</summary>
    public static string Of(string name) => string.Create(Math.Min(name.Length, MaxLength), name, static (plain, name) =>
    {
        for (var i = 0; i < plain.Length; i++) plain[i] = name[i] is >= ' ' and <= '~' ? name[i] : '?';
    });
}
