namespace WebSmtp.EndToEnd.Tests.Programs;

/// <summary>Programs that Debian brings. A test that needs a missing one is skipped and says which.</summary>
static class Tool
{
    static readonly string[] Folders =
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), "/usr/sbin", "/sbin", "/usr/local/sbin"];

    /// <summary>The full path, or null.</summary>
    public static string? Find(string name) => Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>The full path; skips the test when the program is not there.</summary>
    public static string Need(string name, string? package = null)
    {
        var path = Find(name);
        Assert.SkipWhen(path is null, $"{name} is missing (Debian package {package ?? name}); tests/run installs it.");
        return path;
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<FinishedProgram> RunAsync(string path, IEnumerable<string> arguments, CancellationToken stop,
        IReadOnlyDictionary<string, string?>? environment = null, string? folder = null, byte[]? input = null)
    {
        await using var program = RunningProgram.Start(path, arguments, environment, folder, input);
        return await program.WaitAsync(stop);
    }
}
