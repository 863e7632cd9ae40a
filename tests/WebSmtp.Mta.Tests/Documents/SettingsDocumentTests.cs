using System.Text;
using WebSmtp.Mta.Settings;

namespace WebSmtp.Mta.Tests.Documents;

/// <summary>docs/settings.md is made from the table of settings. With UPDATE_DOCS=1 the test writes it.</summary>
public class SettingsDocumentTests
{
    [Fact]
    public void The_document_says_what_the_table_says()
    {
        var path = Path.Combine(Root(), "docs", "settings.md");
        var wanted = Render();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") is "1") File.WriteAllText(path, wanted);
        Assert.Equal(wanted, File.ReadAllText(path));
    }

    static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "WebSmtp.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    static string Render()
    {
        var text = new StringBuilder("""
            # Settings

            Every setting of a site. Those marked *domain* can be overridden for a domain. `null` restores the default.
            In the last column stands the metabase property of the old service that it corresponds to.

            """.ReplaceLineEndings("\n"));
        foreach (var sheet in SettingsTable.All.GroupBy(setting => setting.Sheet))
        {
            text.Append($"\n## {sheet.Key}\n\n| setting | default | allowed | scope | what it does | was |\n| --- | --- | --- | --- | --- | --- |\n");
            foreach (var setting in sheet)
            {
                text.Append($"| `{setting.Name}` | `{setting.DefaultJson?.ToJsonString() ?? "null"}` | {Allowed(setting)} | ");
                text.Append($"{(setting.Scope is SettingScope.Site ? "site" : "site, domain")} | {setting.Help} | {setting.MetabaseProperty ?? ""} |\n");
            }
        }
        return text.ToString();
    }

    static string Allowed(Setting setting)
    {
        var range = setting switch
        {
            { Choices.Count: > 0 } => string.Join(", ", setting.Choices),
            { Minimum: { } least, Maximum: { } most } => $"{least} to {most} {setting.Unit}".TrimEnd(),
            { Maximum: { } most } => $"at most {most} {setting.Unit}".TrimEnd(),
            { Type: SettingType.Boolean } => "true, false",
            { Type: SettingType.AddressRanges } => "list of addresses or networks",
            _ => "object",
        };
        return setting.ZeroMeansNoLimit ? range + "; 0: no limit" : range;
    }
}
