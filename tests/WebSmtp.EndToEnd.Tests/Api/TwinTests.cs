using System.Text.RegularExpressions;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>What a page can do, the REST API can do: every operation that the pages call is called there, too.</summary>
public sealed partial class TwinTests
{
    static readonly string Sources = Path.Combine(ProgramFiles.Repository, "src");

    [Fact]
    public void Every_act_of_a_page_has_a_rest_twin()
    {
        var acts = ActsByClass();
        Assert.True(acts.Count > 5, string.Join(", ", acts.Keys));
        var api = string.Concat(Read(Path.Combine(Sources, "WebSmtp", "Api"), "*.cs"));
        var called = new List<string>();
        var missing = new List<string>();
        foreach (var page in Read(Path.Combine(Sources, "WebSmtp", "Admin"), "*.razor").Concat(Read(Path.Combine(Sources, "WebSmtp", "Admin"), "*.cs")))
        {
            foreach (var (type, name) in Injections().Matches(page).Select(match => (match.Groups["type"].Value.Split('.')[^1], match.Groups["name"].Value))
                .Concat(Arguments().Matches(page).Select(match => (match.Groups["type"].Value, match.Groups["name"].Value))))
            {
                if (!acts.TryGetValue(type, out var methods)) continue;
                foreach (var method in methods.Where(method => Regex.IsMatch(page, $@"\b{name}\.{method}\(", RegexOptions.None, TimeSpan.FromSeconds(5))))
                {
                    called.Add($"{type}.{method}");
                    if (!Regex.IsMatch(api, $@"\.{method}\(", RegexOptions.None, TimeSpan.FromSeconds(5))) missing.Add($"{type}.{method}");
                }
            }
        }
        Assert.True(called.Distinct(StringComparer.Ordinal).Count() > 15, string.Join(", ", called));
        // A page shows the content in parts; REST gives it whole.
        missing.RemoveAll(one => one.StartsWith("MessagePreviews.", StringComparison.Ordinal));
        Assert.Empty(missing.Distinct(StringComparer.Ordinal));
    }

    /// <summary>Public methods that ask who acts, by the class that has them.</summary>
    static Dictionary<string, HashSet<string>> ActsByClass()
    {
        var acts = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var source in Read(Path.Combine(Sources, "WebSmtp.Mta"), "*.cs"))
        {
            if (Classes().Match(source) is not { Success: true } found) continue;
            foreach (Match act in Acts().Matches(source))
            {
                var name = found.Groups["name"].Value;
                if (!acts.TryGetValue(name, out var methods)) acts[name] = methods = new(StringComparer.Ordinal);
                methods.Add(act.Groups["name"].Value);
            }
        }
        return acts;
    }

    static IEnumerable<string> Read(string folder, string pattern) =>
        Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).Select(File.ReadAllText);

    [GeneratedRegex(@"public sealed (partial )?class (?<name>\w+)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Classes();

    [GeneratedRegex(@"public (async )?[\w<>?]+ (?<name>\w+)\([^)]*\bActor actor\b", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Acts();

    [GeneratedRegex(@"@inject (?<type>[\w.]+) (?<name>\w+)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Injections();

    [GeneratedRegex(@"[(,]\s*(?<type>[A-Z]\w+) (?<name>[a-z]\w*)(?=[,)])", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Arguments();
}
