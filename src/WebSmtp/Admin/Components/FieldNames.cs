using WebSmtp.Mta.Administration;

namespace WebSmtp.Admin.Components;

/// <summary>Fields are named as in the REST contract, so that a problem finds its field.</summary>
static class FieldNames
{
    /// <summary><c>endpoints[0].port</c> as an element's id.</summary>
    public static string Id(string name) => "f-" + name.Replace('[', '-').Replace("].", "-", StringComparison.Ordinal).Replace(']', '-').Replace('.', '-');

    public static string? Error(Problem? problem, string name) =>
        problem?.Errors.GetValueOrDefault(name) is { Length: > 0 } messages ? string.Join(" ", messages) : null;

    /// <summary>The ids of help and error, for aria-describedby; null when there is neither.</summary>
    public static string? Descriptions(Problem? problem, string name, bool hasHelp)
    {
        var error = Error(problem, name) is null ? "" : $"{Id(name)}-error ";
        var ids = hasHelp ? $"{error}{Id(name)}-help" : error.TrimEnd();
        return ids.Length > 0 ? ids : null;
    }

    /// <summary>The names in a field that takes several, with spaces, commas or line ends between them.</summary>
    public static string[] Several(string text) => text.Split([' ', ',', ';', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
