using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Acceptance;

/// <summary>
/// The rules that a simulated message met, by the same judgements that the session made, and the one that decided. It
/// tells of no more stages than the conversation came to.
/// </summary>
static class RuleTrail
{
    /// <param name="domain">Of the recipient.</param>
    /// <param name="steps">What the session said.</param>
    public static IReadOnlyList<SimulatedRule> Of(SiteSnapshot site, SimulatedMail mail, string domain, IReadOnlyList<SimulatedStep> steps)
    {
        var rules = new List<SimulatedRule>();
        var (last, reply) = (steps[^1].Stage, steps[^1].Result);
        Connect(site, mail, rules, refused: last is "CONNECT" && reply is not ['2', ..]);
        if (last is "CONNECT") return rules;
        if (mail.Account is { } account) LogIn(site, account, rules, steps);
        if (last is "EHLO" or "AUTH") return rules;
        Sender(site, mail, rules, last is "MAIL" ? reply : "250");
        if (last is "MAIL") return rules;
        Recipient(site, mail, domain, rules, reply);
        return rules;
    }

    static void Connect(SiteSnapshot site, SimulatedMail mail, List<SimulatedRule> rules, bool refused)
    {
        var access = ClientAccess.Of(site, mail.Client);
        rules.Add(access switch
        {
            { AnyAllowed: true } => new("CONNECT", "allowAddresses", "empty: every address may connect", true),
            { Allowed: { } range } => new("CONNECT", "allowAddresses", $"{range} has {mail.Client}", true),
            _ => new("CONNECT", "allowAddresses", $"no range has {mail.Client}", false, refused),
        });
        rules.Add(access.Denied is { } denied
            ? new("CONNECT", "denyAddresses", $"{denied} has {mail.Client}", true, refused)
            : new("CONNECT", "denyAddresses", $"no range has {mail.Client}", false));
    }

    static void LogIn(SiteSnapshot site, string account, List<SimulatedRule> rules, IReadOnlyList<SimulatedStep> steps)
    {
        var said = steps.LastOrDefault(step => step.Stage is "AUTH")?.Result;
        var refused = said is not (null or ['2', ..]);
        var noTls = refused && said is ['5', '3', '8', ..] or ['5', '3', '0', ..];
        var needsTls = site.Settings.Get(SettingsTable.RequireTlsForAuth);
        rules.Add(new("AUTH", "authMechanisms", $"offered: {string.Join(", ", site.Settings.Get(SettingsTable.AuthMechanisms))}", true));
        rules.Add(new("AUTH", "requireTlsForAuth", needsTls ? "passwords only under TLS; clients on this machine are exempt" : "passwords are taken in clear as well", needsTls, noTls));
        rules.Add(new("AUTH", "account", refused ? $"{account} may not log in here, or is not there" : $"{account} may log in at this site", !refused, refused && !noTls));
    }

    static void Sender(SiteSnapshot site, SimulatedMail mail, List<SimulatedRule> rules, string reply)
    {
        var refused = reply is not ['2', ..];
        var anonymous = site.Settings.Get(SettingsTable.AnonymousAllowed);
        rules.Add(mail.Account is null
            ? new("MAIL", "anonymousAllowed", anonymous ? "mail is taken without a log-in" : "mail is only taken after a log-in", anonymous, refused && !anonymous)
            : new("MAIL", "anonymousAllowed", "not asked: the client has logged in", false));
        var most = site.Settings.Get(SettingsTable.MaxMessageSize);
        var tooLarge = mail.Size > most && most > 0;
        rules.Add(mail.Size is { } size
            ? new("MAIL", "maxMessageSize", tooLarge ? $"{size} bytes are more than {most}" : $"{size} bytes are within the limit", true, refused && tooLarge)
            : new("MAIL", "maxMessageSize", "not asked: the client announces no size", false));
        if (refused && !tooLarge && (anonymous || mail.Account is not null)) rules.Add(new("MAIL", "endpoint", "TLS of the endpoint, or room on the disk", true, true));
    }

    static void Recipient(SiteSnapshot site, SimulatedMail mail, string domain, List<SimulatedRule> rules, string reply)
    {
        var rule = site.RuleFor(domain);
        foreach (var name in SiteSnapshot.RuleNames(domain))
        {
            if (rule is not null && string.Equals(rule.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                rules.Add(new("RCPT", $"domain {rule.Name}", $"{rule.Kind.ToString().ToLowerInvariant()}, route {Name(rule.Route.Type)}", true, rule.Route.Type is RouteType.Refuse));
                break;
            }
            rules.Add(new("RCPT", $"domain {name}", "there is no such rule", false));
        }
        if (rule?.Route.Type is RouteType.Refuse) return;
        // Trouble that passes has nothing to do with who may send: the place is full.
        var full = reply is ['4', ..];
        var open = rule?.AllowRelay is true;
        if (rule is not null) rules.Add(new("RCPT", $"allowRelay of {rule.Name}", open ? "anyone who may connect may send to it" : "only who may relay", open, open && !full));
        if (!open)
        {
            var relay = site.Settings.Get(SettingsTable.Relay);
            var may = RelayDecision.MayRelay(relay, mail.Client, mail.Account is not null, out var listed);
            rules.Add(new("RCPT", "relay.allowAuthenticated",
                mail.Account is null ? "the client has not logged in" : relay.AllowAuthenticated ? "the client has logged in" : "off", may && listed is null, may && listed is null && !full));
            if (!may || listed is not null)
                rules.Add(new("RCPT", "relay.allowAddresses", listed is { } range ? $"{range} has {mail.Client}" : $"no range has {mail.Client}", listed is not null, !full));
        }
        if (full) rules.Add(new("RCPT", "room", "the domain's limits, the Drop folder's, or the disk", true, true));
    }

    static string Name(RouteType type) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(type.ToString());
}
