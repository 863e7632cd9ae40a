using System.Globalization;
using System.Text.RegularExpressions;

namespace WebSmtp.Mta.Watching;

/// <summary>Names of log files: ex, the day (or hour, week of the month, month), and a number from the second on.</summary>
static partial class W3cFileName
{
    public static string Of(string period, DateTime at, int number)
    {
        var stem = period switch
        {
            "hourly" => at.ToString("'ex'yyMMddHH", CultureInfo.InvariantCulture),
            "weekly" => string.Create(CultureInfo.InvariantCulture, $"ex{at:yyMM}{WeekOfMonth(at):00}"),
            "monthly" => at.ToString("'ex'yyMM", CultureInfo.InvariantCulture),
            "unlimited" => "extend",
            _ => at.ToString("'ex'yyMMdd", CultureInfo.InvariantCulture),
        };
        return period is "unlimited" ? $"{stem}{number}.log" : number == 1 ? $"{stem}.log" : $"{stem}_{number}.log";
    }

    /// <summary>A name of ours, and no path to somewhere else.</summary>
    public static bool IsValid(string name) => Pattern().IsMatch(name);

    /// <summary>Weeks begin on Sunday, as the old service had it.</summary>
    static int WeekOfMonth(DateTime at) => (at.Day - 1 + (int)new DateTime(at.Year, at.Month, 1, 0, 0, 0, DateTimeKind.Unspecified).DayOfWeek) / 7 + 1;

    [GeneratedRegex(@"^(ex[0-9]{4,8}(_[0-9]{1,6})?|extend[0-9]{1,6})\.log\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Pattern();
}
