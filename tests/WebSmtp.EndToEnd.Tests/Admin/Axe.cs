using System.Text.Json;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>What axe finds on a page and in its dialogs.</summary>
sealed class Axe
{
    static readonly string Program = Path.Combine(ProgramFiles.Repository, "tests", "node_modules", "axe-core", "axe.min.js");

    const string Run = "where => axe.run(where ?? document, { resultTypes: ['violations'] }).then(r => r.violations.map(v => `${v.impact} ${v.id}: ${v.nodes[0].html}`))";
    const string Dialogs = "() => [...document.querySelectorAll('dialog[id]')].map(dialog => dialog.id)";

    readonly string _script;
    readonly List<string> _found = [];

    /// <summary>Dialogs that were looked at, without the numbers of what they are about: many pages have the same.</summary>
    readonly HashSet<string> _dialogs = [];

    Axe(string script) => _script = script;

    /// <summary>Everything so far, each with the page.</summary>
    public IReadOnlyList<string> Found => _found;

    public static async Task<Axe> LoadAsync()
    {
        Assert.SkipUnless(File.Exists(Program), "axe-core is missing; tests/run installs it with npm.");
        return new(await File.ReadAllTextAsync(Program, TestContext.Current.CancellationToken));
    }

    /// <summary>Looks at the page as it stands, and at each dialog that it can open and that is new.</summary>
    public async Task LookAsync(IPage page)
    {
        // Evaluated, not added as a script: the pages' own policy allows no inline script.
        await page.EvaluateAsync(_script + ";null");
        Note(page.Url, await page.EvaluateAsync<JsonElement>(Run));
        foreach (var dialog in await page.EvaluateAsync<string[]>(Dialogs))
        {
            if (!_dialogs.Add(string.Concat(dialog.Where(character => !char.IsAsciiDigit(character))))) continue;
            var element = await page.EvaluateHandleAsync("id => { const dialog = document.getElementById(id); dialog.showModal(); return dialog; }", dialog);
            Note($"{page.Url} {dialog}", await page.EvaluateAsync<JsonElement>(Run, element));
            await page.EvaluateAsync("dialog => dialog.close()", element);
        }
    }

    void Note(string where, JsonElement violations) =>
        _found.AddRange(violations.EnumerateArray().Select(violation => $"{where}: {violation.GetString()}"));
}
