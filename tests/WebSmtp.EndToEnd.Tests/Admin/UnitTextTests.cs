using WebSmtp.Admin.Settings;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Times and sizes as people write them.</summary>
public sealed class UnitTextTests
{
    [Theory]
    [InlineData("15 min", "00:15:00", "15 min")]
    [InlineData("PT1H30M", "01:30:00", "1 h 30 min")]
    [InlineData("1.5h", "01:30:00", "1 h 30 min")]
    [InlineData("36 hours", "1.12:00:00", "36 h")]
    [InlineData("2d", "2.00:00:00", "2 days")]
    [InlineData("1 day", "1.00:00:00", "1 day")]
    [InlineData("5 Seconds", "00:00:05", "5 s")]
    [InlineData("0", "00:00:00", "0 s")]
    [InlineData("3 days, 12 h", "3.12:00:00", "3 days 12 h")]
    public void A_time_is_read_and_written(string typed, string time, string written)
    {
        Assert.Equal(TimeSpan.Parse(time, System.Globalization.CultureInfo.InvariantCulture), UnitText.ReadTime(typed));
        Assert.Equal(written, UnitText.Write(UnitText.ReadTime(typed)!.Value));
        Assert.Equal(UnitText.ReadTime(typed), UnitText.ReadTime(written));
    }

    [Theory]
    [InlineData("")]
    [InlineData("15")]
    [InlineData("soon")]
    [InlineData("5 parsecs")]
    [InlineData("-1 h")]
    [InlineData("99999999999999999 days")]
    [InlineData("P99999999999Y")]
    public void What_is_no_time_is_refused(string typed) => Assert.Null(UnitText.ReadTime(typed));

    [Theory]
    [InlineData("10 MiB", 10L << 20, "10 MiB")]
    [InlineData("10M", 10L << 20, "10 MiB")]
    [InlineData("10 MB", 10_000_000, "10 MB")]
    [InlineData("1.5 GiB", 1536L << 20, "1536 MiB")]
    [InlineData("2048", 2048, "2 KiB")]
    [InlineData("1001", 1001, "1001 bytes")]
    [InlineData("0", 0, "0")]
    public void A_size_is_read_and_written(string typed, long bytes, string written)
    {
        Assert.Equal(bytes, UnitText.ReadSize(typed));
        Assert.Equal(written, UnitText.Write(bytes));
        Assert.Equal(bytes, UnitText.ReadSize(written));
    }

    [Theory]
    [InlineData("")]
    [InlineData("big")]
    [InlineData("10 XB")]
    [InlineData("1.5 bytes")]
    [InlineData("99999999999 GiB")]
    [InlineData("10 MiB and more")]
    public void What_is_no_size_is_refused(string typed) => Assert.Null(UnitText.ReadSize(typed));
}
