using System.Xml.Linq;
using WebSmtp.Admin.About;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Publishing;

/// <summary>The page About names what the program is made with.</summary>
public sealed class ThirdPartyTests
{
    [Fact]
    public void Every_package_that_the_program_references_is_named()
    {
        var projects = new[] { "src", "migrations" }.SelectMany(folder =>
            Directory.EnumerateFiles(Path.Combine(ProgramFiles.Repository, folder), "*.csproj", SearchOption.AllDirectories));
        var packages = projects.SelectMany(project => XDocument.Load(project).Descendants("PackageReference"))
            .Select(reference => reference.Attribute("Include")!.Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        Assert.Equal(packages, ThirdParty.Packages.Select(one => one.Package).Order(StringComparer.Ordinal));
    }
}
