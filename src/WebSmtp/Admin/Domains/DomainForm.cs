using System.Globalization;
using System.Text.Json.Nodes;
using WebSmtp.Admin.Components;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Admin.Domains;

/// <summary>A number with its unit as typed; an empty number means that there is no limit.</summary>
public sealed record Amount(string Number, string Unit)
{
    static readonly (string Unit, long Factor)[] ByteUnits = [("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("bytes", 1)];
    static readonly (string Unit, long Factor)[] TimeUnits = [("days", TimeSpan.TicksPerDay), ("hours", TimeSpan.TicksPerHour), ("minutes", TimeSpan.TicksPerMinute)];

    public static readonly IReadOnlyList<(string, string)> ByteChoices = [.. ByteUnits.Select(unit => (unit.Unit, unit.Unit))];
    public static readonly IReadOnlyList<(string, string)> TimeChoices = [.. TimeUnits.Select(unit => (unit.Unit, unit.Unit))];

    public static Amount OfBytes(long? bytes) => Of(bytes, ByteUnits, "MiB");
    public static Amount OfTime(TimeSpan? time) => Of(time?.Ticks, TimeUnits, "days");

    public bool TryBytes(out long? bytes) => TryRead(ByteUnits, out bytes);

    public bool TryTime(out TimeSpan? time)
    {
        var good = TryRead(TimeUnits, out var ticks);
        time = ticks is { } read ? TimeSpan.FromTicks(read) : null;
        return good;
    }

    static Amount Of(long? value, (string Unit, long Factor)[] units, string unit)
    {
        if (value is not > 0) return new("", unit);
        var whole = units.FirstOrDefault(candidate => value % candidate.Factor is 0, units[^1]);
        return new((value.Value / whole.Factor).ToString(CultureInfo.InvariantCulture), whole.Unit);
    }

    bool TryRead((string Unit, long Factor)[] units, out long? value)
    {
        value = null;
        if (Number.Length is 0) return true;
        var factor = units.FirstOrDefault(candidate => candidate.Unit == Unit).Factor;
        if (!decimal.TryParse(Number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || factor is 0 || number * factor > long.MaxValue / 2) return false;
        value = (long)(number * factor);
        return true;
    }
}

/// <summary>A domain as typed: keeps what was written when it is refused.</summary>
public sealed record DomainForm(
    string Name, DomainKind Kind, RouteType Route, string Directory, SmartHostForm SmartHost,
    bool Etrn, string EtrnTo, IReadOnlyList<string> TurnAccounts, Amount MaxAge, string MaxMessages, Amount MaxBytes, string AllowRelay)
{
    public static readonly IReadOnlyList<(string, string)> RelayChoices =
        [("", "as the route has it"), ("true", "yes, anyone who may connect"), ("false", "no, only who may relay")];

    public static DomainForm New(RouteType route) => new(
        "", DomainKind.Remote, route, "", SmartHostForm.New, true, "", [], new("", "days"), "", new("", "MiB"), "");

    public static DomainForm Of(DomainSnapshot domain) => new(
        domain.Name, domain.Kind, domain.Route.Type, domain.Route.Directory ?? "", SmartHostForm.Of(domain.Route.SmartHost),
        domain.Route.Etrn, domain.Route.EtrnTo ?? "", domain.TurnAccounts, Amount.OfTime(domain.Route.MaxAge),
        domain.Route.MaxMessages is > 0 and var most ? most.ToString(CultureInfo.InvariantCulture) : "",
        Amount.OfBytes(domain.Route.MaxBytes), domain.ConfiguredAllowRelay switch { true => "true", false => "false", null => "" });

    /// <param name="now">The domain that is changed; its kind, and its name when it is the default, are not in the form.</param>
    public static DomainForm Read(IFormCollection form, DomainSnapshot? now)
    {
        string Text(string name) => form[name].ToString().Trim();
        return new(
            now?.Name ?? Text("name"),
            now?.Kind ?? (Text("kind") switch { "alias" => DomainKind.Alias, "default" => DomainKind.Default, _ => DomainKind.Remote }),
            Enum.TryParse<RouteType>(Text("route.type"), ignoreCase: true, out var route) ? route : RouteType.Hold,
            Text("route.directory"), SmartHostForm.Read(form),
            Text("route.etrn") is "true", Text("route.etrnTo"),
            [.. form["route.turnAccounts"].OfType<string>().SelectMany(FieldNames.Several).Distinct(StringComparer.OrdinalIgnoreCase)],
            new(Text("route.maxAge"), Text("route.maxAge.unit")), Text("route.maxMessages"),
            new(Text("route.maxBytes"), Text("route.maxBytes.unit")), Text("allowRelay"));
    }

    /// <summary>What the operation takes, or what is wrong with the form itself.</summary>
    public Result<DomainConfiguration> ToConfiguration(DomainSnapshot? now)
    {
        var complaints = new Complaints();
        if (!MaxAge.TryTime(out var maxAge)) complaints.Add("route.maxAge", $"'{MaxAge.Number}' is not a time; give a number of days, hours or minutes, or nothing.");
        if (!MaxBytes.TryBytes(out var maxBytes)) complaints.Add("route.maxBytes", $"'{MaxBytes.Number}' is not a size; give a number, or nothing.");
        var maxMessages = 0L;
        if (MaxMessages.Length > 0 && !long.TryParse(MaxMessages, NumberStyles.None, CultureInfo.InvariantCulture, out maxMessages))
            complaints.Add("route.maxMessages", $"'{MaxMessages}' is not a number of messages; give a whole number, or nothing.");
        if (complaints.ToProblem() is { } wrong) return wrong;
        var goesToHost = Route is RouteType.SmartHost && Kind is not DomainKind.Alias;
        var smartHost = goesToHost ? SmartHost.ToChoice(now?.Route.SmartHost) : default;
        if (smartHost.Problem is { } problem) return problem;
        var route = Kind is DomainKind.Alias ? new DomainRoute { Type = RouteType.Drop } : Route switch
        {
            RouteType.Drop => new DomainRoute { Type = Route, Directory = Directory.Length > 0 ? Directory : null },
            RouteType.Hold => new DomainRoute
            {
                Type = Route,
                Etrn = Etrn,
                EtrnTo = EtrnTo.Length > 0 ? EtrnTo : null,
                MaxAge = maxAge,
                MaxMessages = maxMessages > 0 ? maxMessages : null,
                MaxBytes = maxBytes,
            },
            _ => new DomainRoute { Type = Route },
        };
        return new DomainConfiguration(
            Name, Kind, route, Route is RouteType.Hold && Kind is not DomainKind.Alias ? TurnAccounts : [],
            AllowRelay switch { "true" => true, "false" => false, _ => null },
            JsonNode.Parse(now?.ExplicitOverrides ?? "{}")!.AsObject(), smartHost.Value);
    }
}
