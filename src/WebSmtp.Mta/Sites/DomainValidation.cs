using WebSmtp.Mta.Administration;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Sites;

/// <summary>Judges what an administrator wrote about a domain, and complains about everything that is wrong.</summary>
sealed class DomainValidation(Mailroots mailroots, SmartHostRules smartHosts)
{
    const int MaxTurnAccounts = 1000;
    static readonly TimeSpan LongestAge = TimeSpan.FromDays(3650);

    /// <summary>The name in the form that is stored.</summary>
    public static string CheckName(string wanted, Complaints complaints)
    {
        if (DomainName.TryParsePattern(wanted, out var name)) return name;
        complaints.Add("name", $"'{wanted}' is neither a domain nor *. and a domain.");
        return wanted;
    }

    /// <summary>The route in the form that is stored; complaints also about the rest, except the accounts' existence.</summary>
    /// <param name="before">The route that it had.</param>
    /// <param name="prepare">A Drop folder that is wanted is made, and tried.</param>
    public DomainRoute Check(
        DomainConfiguration wanted, string name, DomainRoute before, IReadOnlyList<Site> sites, Complaints complaints, bool prepare = true)
    {
        if (wanted.Kind is not DomainKind.Remote && name.StartsWith("*.", StringComparison.Ordinal))
            complaints.Add("name", "Only a remote domain's name can have an asterisk.");
        CheckTurnAccounts(wanted, complaints);
        if (wanted.Kind is DomainKind.Alias)
        {
            // What an alias is: another name of the default domain, with nothing of its own.
            if (wanted.SmartHost is not null || wanted.Route with { Type = RouteType.Drop } != new DomainRoute { Type = RouteType.Drop }
                || wanted.Route.Type is not (RouteType.Drop or RouteType.Dns))
            {
                complaints.Add("route", "An alias goes where the default domain goes; leave its route out.");
            }
            if (wanted.Overrides.Count > 0) complaints.Add("overrides", "An alias has the default domain's settings; override them there.");
            return new DomainRoute { Type = RouteType.Drop };
        }
        if (wanted.Kind is DomainKind.Default && wanted.Route.Type is not RouteType.Drop)
            complaints.Add("route.type", "Mail for the default domain is dropped; only the directory can be chosen.");
        return CheckRoute(wanted.Route, wanted.SmartHost, before, sites, complaints, prepare);
    }

    static void CheckTurnAccounts(DomainConfiguration wanted, Complaints complaints)
    {
        if (wanted.TurnAccounts.Count > MaxTurnAccounts)
            complaints.Add("route.turnAccounts", $"At most {MaxTurnAccounts} accounts may collect a domain.");
        if (wanted.TurnAccounts.Count > 0 && wanted.Route.Type is not RouteType.Hold)
            complaints.Add("route.turnAccounts", $"'turnAccounts' belongs to the route hold, not to {NameOf(wanted.Route.Type)}.");
    }

    DomainRoute CheckRoute(
        DomainRoute route, SmartHostChoice? smartHost, DomainRoute before, IReadOnlyList<Site> sites, Complaints complaints, bool prepare)
    {
        if (!Enum.IsDefined(route.Type))
        {
            complaints.Add("route.type", "Give one of drop, dns, smartHost, hold, refuse.");
            return route;
        }
        Belongs(RouteType.Drop, "directory", route.Directory is not null);
        Belongs(RouteType.SmartHost, "smartHost", (smartHost ?? (object?)route.SmartHost) is not null);
        Belongs(RouteType.Hold, "etrn", route.Etrn);
        Belongs(RouteType.Hold, "etrnTo", route.EtrnTo is not null);
        Belongs(RouteType.Hold, "maxAge", route.MaxAge is not null);
        Belongs(RouteType.Hold, "maxBytes", route.MaxBytes is not null);
        Belongs(RouteType.Hold, "maxMessages", route.MaxMessages is not null);
        if (route is { Type: RouteType.Drop, Directory: { } directory }) CheckDirectory(directory, sites, complaints, prepare);
        return route.Type switch
        {
            RouteType.SmartHost => route with { SmartHost = CheckSmartHost(smartHost, route.SmartHost ?? before.SmartHost, route.SmartHost, complaints) },
            RouteType.Hold => CheckHold(route, complaints),
            RouteType.Drop or RouteType.Dns or RouteType.Refuse => route,
        };

        void Belongs(RouteType type, string member, bool given)
        {
            if (given && route.Type != type)
                complaints.Add($"route.{member}", $"'{member}' belongs to the route {NameOf(type)}, not to {NameOf(route.Type)}.");
        }
    }

    void CheckDirectory(string wanted, IReadOnlyList<Site> sites, Complaints complaints, bool prepare)
    {
        if (mailroots.Judge(wanted) is { } refusal)
        {
            complaints.Add("route.directory", refusal);
            return;
        }
        foreach (var site in sites)
        {
            var folders = new MailrootFolders(mailroots.FullPath(site.Mailroot));
            // Dropped mail would be sent again, or be taken for content of the queue.
            if (Array.Find([folders.Pickup, folders.Queue, folders.Badmail], own => mailroots.IsBelow(wanted, own)) is { } own)
                complaints.Add("route.directory", $"'{wanted}' is the {Path.GetFileName(own)} folder of site '{site.Name}' ({site.Id}), or inside of it.");
        }
        if (prepare && !complaints.Any && mailroots.Prepare(wanted) is { } trouble) complaints.Add("route.directory", trouble);
    }

    /// <param name="before">Whose secrets stay.</param>
    /// <param name="asItIs">What is to stay when nothing else is wanted.</param>
    SmartHostRoute? CheckSmartHost(SmartHostChoice? wanted, SmartHostRoute? before, SmartHostRoute? asItIs, Complaints complaints)
    {
        wanted ??= asItIs is null ? null : SmartHostChoice.Of(asItIs);
        if (wanted is not null) return smartHosts.Route(wanted, before, "route.smartHost", [], complaints);
        complaints.Add("route.smartHost", "The route smartHost needs a smartHost.");
        return null;
    }

    DomainRoute CheckHold(DomainRoute route, Complaints complaints)
    {
        HostAndPort? target = null;
        if (route.EtrnTo is not null && !HostAndPort.TryParse(route.EtrnTo, out target))
            complaints.Add("route.etrnTo", $"'{route.EtrnTo}' is not host:port, [IPv6 address]:port, or a host alone.");
        if (target is not null && smartHosts.OwnerOf(target) is { } owner)
            complaints.Add("route.etrnTo", $"{target} is {owner}: the mail would come straight back. Give the host that collects it.");
        if (route.MaxAge is { } age && (age < TimeSpan.Zero || age > LongestAge))
            complaints.Add("route.maxAge", $"Give a duration of at most P{LongestAge.Days}D; 0 or null for no limit.");
        if (route.MaxBytes < 0) complaints.Add("route.maxBytes", "Give a number of bytes; 0 or null for no limit.");
        if (route.MaxMessages < 0) complaints.Add("route.maxMessages", "Give a number of messages; 0 or null for no limit.");
        return route with { EtrnTo = target?.ToString() };
    }

    static string NameOf(RouteType type) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(type.ToString());
}
