using System.Net;

namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>How a server under test is started. What is not given is chosen: free ports, an own data directory.</summary>
public sealed record ServerOptions
{
    public const string AdminPassword = "correct horse battery staple";
    public const string AdminKey = "e2e-administrator-key-0123456789abcdef";

    /// <summary>Null: a temporary folder that goes with the process object.</summary>
    public string? DataDirectory { get; init; }
    public int? SmtpPort { get; init; }
    public string? SmtpAddress { get; init; }

    /// <summary>Null: a resolver that nobody answers, so that no test depends on this machine's DNS.</summary>
    public IPEndPoint? Dns { get; init; }

    /// <summary>Null: SQLite in the data directory.</summary>
    public string? Database { get; init; }

    /// <summary>Null: <see cref="ProgramFiles.Executable"/>.</summary>
    public string? Executable { get; init; }
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Null: a temporary folder that is neither the program's nor the data directory.</summary>
    public string? WorkingDirectory { get; init; }
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
}
