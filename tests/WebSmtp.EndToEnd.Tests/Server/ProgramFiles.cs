using System.Runtime.InteropServices;

namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>Where the program under test is: the build of this test program's own configuration, or what <c>WEBSMTP_PROGRAM</c> names.</summary>
static class ProgramFiles
{
    /// <summary>The folder of the solution.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>Debug or Release, as these tests were built.</summary>
    public static string Configuration { get; } =
        Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))!;

    public static string Executable { get; } = Environment.GetEnvironmentVariable("WEBSMTP_PROGRAM") is { Length: > 0 } named
        ? Path.GetFullPath(named)
        : Path.Combine(Repository, "src", "WebSmtp", "bin", Configuration, "net10.0", "websmtp");

    /// <summary>The folder of the runtime that runs these tests; the program is run with the same one.</summary>
    public static string DotnetRoot { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    public static string Dotnet { get; } = Path.Combine(DotnetRoot, "dotnet");

    static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "WebSmtp.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException("The tests must be inside the repository: no WebSmtp.sln above them.");
    }
}
