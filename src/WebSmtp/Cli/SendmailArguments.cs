using System.Diagnostics.CodeAnalysis;

namespace WebSmtp.Cli;

/// <summary>
/// What stands after <c>sendmail</c>, read as the classic reads it: letters with their value attached or in the next
/// argument, recipients, <c>--</c> before what only looks like an option. Long options are ours.
/// </summary>
sealed class SendmailArguments
{
    /// <summary>Letters that change nothing here, with a value and without.</summary>
    const string IgnoredWithValue = "NRVBOLAXhopC", Ignored = "vGUnm";

    static readonly string[] Modes = ["bs", "bp", "bi", "bd", "bt", "bD", "bh", "bH", "bv", "q"];

    readonly List<string> _recipients = [];

    public string? Sender { get; private set; }
    public string? FullName { get; private set; }
    public bool HeaderRecipients { get; private set; }
    public bool IgnoreDots { get; private set; }
    public IReadOnlyList<string> Recipients => _recipients;

    /// <summary>What is wrong; null: nothing is.</summary>
    public string? Problem { get; private set; }

    public static SendmailArguments Read(IReadOnlyList<string> tokens)
    {
        var arguments = new SendmailArguments();
        for (var at = 0; at < tokens.Count && arguments.Problem is null; at++)
        {
            if (tokens[at] is "--")
            {
                foreach (var rest in tokens.Skip(at + 1)) arguments.AddRecipients(rest);
                break;
            }
            if (tokens[at] is ['-', _, ..]) at = arguments.ReadOption(tokens, at);
            else arguments.AddRecipients(tokens[at]);
        }
        if (arguments is { Problem: null, Recipients.Count: 0, HeaderRecipients: false })
            arguments.Problem = "Give recipients, or -t to read them from the header.";
        return arguments;
    }

    /// <returns>Where its last token is.</returns>
    int ReadOption(IReadOnlyList<string> tokens, int at)
    {
        var option = tokens[at][1..];
        if (Modes.FirstOrDefault(mode => mode[0] is 'b' && option == mode) is not null)
            Problem = $"-{option} is not for this program: it sends the message on standard input.";
        else if (option is "t") HeaderRecipients = true;
        else if (option is "ti" or "it") (HeaderRecipients, IgnoreDots) = (true, true);
        else if (option is "i" or "oi") IgnoreDots = true;
        else if (option is "bm" || option[0] is 'q') { }
        else if (option[0] is 'f' or 'r' && TryValue(tokens, ref at, out var sender)) Sender = sender;
        else if (option[0] is 'F' && TryValue(tokens, ref at, out var name)) FullName = name;
        else if (option.Length == 1 && Ignored.Contains(option[0], StringComparison.Ordinal)) { }
        else if (option[0] is 'o' && option.Length > 1) { }
        else if (IgnoredWithValue.Contains(option[0], StringComparison.Ordinal) && TryValue(tokens, ref at, out _)) { }
        else Problem ??= $"{tokens[at]} is not an option of sendmail. A recipient that begins like this goes after --.";
        return at;
    }

    bool TryValue(IReadOnlyList<string> tokens, ref int at, [NotNullWhen(true)] out string? value)
    {
        value = tokens[at].Length > 2 ? tokens[at][2..] : at + 1 < tokens.Count ? tokens[++at] : null;
        if (value is null) Problem = $"{tokens[at]} needs a value.";
        return value is not null;
    }

    /// <summary>One argument may name several; a comma within quotes is part of an address.</summary>
    void AddRecipients(string text)
    {
        var (start, quoted) = (0, false);
        for (var at = 0; at <= text.Length; at++)
        {
            if (at < text.Length && text[at] is '"') quoted = !quoted;
            if (at < text.Length && (quoted || text[at] is not ',')) continue;
            if (text[start..at].Trim() is { Length: > 0 } one) _recipients.Add(one);
            start = at + 1;
        }
    }
}
