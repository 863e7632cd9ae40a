using System.Globalization;
using System.Text;

namespace WebSmtp.Mta.Watching;

/// <summary>Where a site's records go.</summary>
sealed record W3cTarget(int SiteId, string Folder, string Period, long MaxFileSize, TimeSpan KeepFor, bool LocalTime);

/// <summary>One line of a log file in the W3C extended format.</summary>
sealed record W3cRecord(
    W3cTarget Target, DateTimeOffset At, string Client, string? User, string? ServerAddress, int Port, string? Method, string? Query,
    int Status, long Sent, long Received, long Milliseconds)
{
    /// <summary>The fields of the old service's default, up to cs-host.</summary>
    public const string Fields =
        "date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host";

    static readonly string Computer = Word(Environment.MachineName);

    public void Write(StringBuilder to) => to.Append(CultureInfo.InvariantCulture,
        $"{At.UtcDateTime:yyyy-MM-dd HH:mm:ss} {Word(Client)} {Word(User)} SMTPSVC{Target.SiteId} {Computer} {Word(ServerAddress)} {Port} {Word(Method)} - {Word(Query)} {Status} 0 {Sent} {Received} {Milliseconds} SMTP -\n");

    public static void WriteHead(StringBuilder to, DateTimeOffset now) => to.Append(CultureInfo.InvariantCulture,
        $"#Software: WebSmtp\n#Version: 1.0\n#Date: {now.UtcDateTime:yyyy-MM-dd HH:mm:ss}\n#Fields: {Fields}\n");

    /// <summary>A field has no blanks: they become plus signs, as they always did here; nothing may look like a line's end.</summary>
    static string Word(string? text) => string.IsNullOrEmpty(text) ? "-" : string.Create(text.Length, text, static (target, source) =>
    {
        for (var i = 0; i < source.Length; i++) target[i] = source[i] is ' ' ? '+' : char.IsControl(source[i]) || char.IsWhiteSpace(source[i]) ? '?' : source[i];
    });
}
