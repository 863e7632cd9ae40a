using System.Globalization;

namespace WebSmtp.Admin;

/// <summary>Numbers as people read them.</summary>
static class Figures
{
    static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 message", "12,345 messages".</summary>
    public static string Count(long number, string one, string? many = null) => $"{Count(number)} {(number is 1 ? one : many ?? one + "s")}";

    public static string Bytes(long bytes)
    {
        if (bytes < 1024) return bytes is 1 ? "1 byte" : $"{bytes} bytes";
        var (size, unit) = ((double)bytes, 0);
        for (; size >= 1024 && unit < Units.Length - 1; unit++) size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{size.ToString(size < 10 ? "0.0" : "0", CultureInfo.InvariantCulture)} {Units[unit]}");
    }

    public static string Days(TimeSpan time) =>
        time.TotalHours < 48 && time.TotalHours % 24 is not 0
            ? Count((long)Math.Round(time.TotalHours), "hour")
            : Count((long)Math.Round(time.TotalDays), "day");

    /// <summary>"12 minutes", "3 hours", "2 days".</summary>
    public static string Interval(TimeSpan time) => time switch
    {
        { TotalMinutes: < 90 } => Count((long)Math.Max(1, Math.Round(time.TotalMinutes)), "minute"),
        { TotalHours: < 48 } => Count((long)Math.Round(time.TotalHours), "hour"),
        _ => Count((long)Math.Round(time.TotalDays), "day"),
    };
}
