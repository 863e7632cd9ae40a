namespace WebSmtp.Admin;

/// <summary>A message's subject as it is shown.</summary>
static class SubjectText
{
    /// <summary>Without marks that turn the direction of writing: they make a subject, and what stands after it, look like another.</summary>
    public static string Of(string? subject)
    {
        var shown = new string([.. (subject ?? "").Where(c => !IsTurning(c)).Select(c => char.IsControl(c) ? ' ' : c)]);
        return string.IsNullOrWhiteSpace(shown) ? "(no subject)" : shown;
    }

    static bool IsTurning(char c) => c is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' or '\u200E' or '\u200F' or '\u061C';
}
