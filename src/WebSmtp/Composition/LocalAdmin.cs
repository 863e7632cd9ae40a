using System.Text.Json;
using WebSmtp.Api;
using WebSmtp.Network;

namespace WebSmtp.Composition;

/// <summary>
/// Lets the command line on this machine speak to the server without being told a key: who can read the file in the
/// data directory is an administrator. The key is a new one at each start and is kept nowhere else.
/// </summary>
sealed record LocalAdmin(string Url, string Key)
{
    public static string PathIn(string dataDirectory) => Path.Combine(dataDirectory, "run", "admin.json");

    /// <summary>Written when the web address is known.</summary>
    public static void Write(ServerSettings settings, WebApplication app)
    {
        var path = PathIn(settings.DataDirectory);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var url = app.Urls.First().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "[::1]", StringComparison.Ordinal);
        var local = new LocalAdmin(url, app.Services.GetRequiredService<LocalKey>().Value);
        PrivateFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(local, JsonSerializerOptions.Web));
    }
}
