using System.Globalization;
using WebSmtp.Admin.Components;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Admin.Collectors;

/// <summary>A collector as typed. The password is never filled in: left empty, the stored one stays.</summary>
public sealed record CollectorForm
{
    public static readonly IReadOnlyList<(string, string)> TlsChoices =
    [
        ("Verify", "always, and the certificate must be right"), ("Require", "always, with any certificate"), ("Implicit", "from the first byte"),
        ("Opportunistic", "where it is offered"), ("None", "never"),
    ];

    public static readonly IReadOnlyList<(string, string)> UnitChoices = [("minutes", "minutes"), ("hours", "hours"), ("days", "days")];

    public string Name { get; init; } = "";
    public bool Enabled { get; init; } = true;
    public string Host { get; init; } = "";
    public string Port { get; init; } = "366";
    public string Tls { get; init; } = "Verify";
    public string Authority { get; init; } = "";
    public CollectionMethod Method { get; init; } = CollectionMethod.Atrn;
    public string Username { get; init; } = "";
    public string Password { get; init; } = "";
    public string Domains { get; init; } = "";

    /// <summary><c>every</c>, <c>cron</c> or <c>demand</c>.</summary>
    public string When { get; init; } = "every";
    public string Every { get; init; } = "15";
    public string Unit { get; init; } = "minutes";
    public string Cron { get; init; } = "";

    public static CollectorForm Of(Collector one)
    {
        var (every, unit) = one.Every switch
        {
            { } time when time.Ticks % TimeSpan.TicksPerDay == 0 => (time.TotalDays, "days"),
            { } time when time.Ticks % TimeSpan.TicksPerHour == 0 => (time.TotalHours, "hours"),
            { } time => (time.TotalMinutes, "minutes"),
            null => (15, "minutes"),
        };
        return new()
        {
            Name = one.Name,
            Enabled = one.Enabled,
            Host = one.Host.Contains(':', StringComparison.Ordinal) ? $"[{one.Host}]" : one.Host,
            Port = one.Port.ToString(CultureInfo.InvariantCulture),
            Tls = one.Tls.ToString(),
            Authority = one.CertificateAuthority ?? "",
            Method = one.Method,
            Username = one.Username ?? "",
            Domains = string.Join('\n', one.Domains),
            When = one.Every is not null ? "every" : one.Schedule is not null ? "cron" : "demand",
            Every = every.ToString(CultureInfo.InvariantCulture),
            Unit = unit,
            Cron = one.Schedule ?? "",
        };
    }

    public static CollectorForm Read(IFormCollection form)
    {
        return new()
        {
            Name = Text("name"), Enabled = Text("enabled") is "true", Host = Text("host"), Port = Text("port"), Tls = Text("tls"), Authority = Text("certificateAuthority"),
            Method = Enum.TryParse<CollectionMethod>(Text("how"), out var method) ? method : CollectionMethod.Atrn,
            Username = Text("username"), Password = form["password"].ToString(), Domains = Text("domains"),
            When = Text("when"), Every = Text("every"), Unit = Text("every.unit"), Cron = Text("schedule"),
        };

        string Text(string name) => form[name].ToString().Trim();
    }

    public Result<CollectorConfiguration> ToConfiguration()
    {
        if (!int.TryParse(Port, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return Problem.Invalid("port", $"'{Port}' is not a port; give a number from 1 to 65535.");
        TimeSpan? every = null;
        if (When is "every")
        {
            if (!double.TryParse(Every, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number > 100_000)
                return Problem.Invalid("every", $"'{Every}' is not a number of {Unit}.");
            every = Unit switch { "days" => TimeSpan.FromDays(number), "hours" => TimeSpan.FromHours(number), _ => TimeSpan.FromMinutes(number) };
        }
        return new CollectorConfiguration(
            Name, Enabled, Host, port, Enum.TryParse<HostTls>(Tls, out var tls) ? tls : HostTls.Verify, Authority.Length > 0 ? Authority : null, Method,
            Username.Length > 0 ? Username : null, Password.Length > 0 ? Password : null,
            // TURN names none; the form does not show them then.
            Method is CollectionMethod.Turn ? [] : FieldNames.Several(Domains),
            When is "cron" ? Cron : null, every);
    }
}
