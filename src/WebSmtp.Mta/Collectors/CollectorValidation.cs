using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Collectors;

/// <summary>What is wrong with a collector as somebody wrote it, by field.</summary>
static class CollectorValidation
{
    const int MaxNameLength = 256;
    const int MaxSecretLength = 1000;
    const int MaxDomains = 100;

    /// <param name="wanted">As it was written.</param>
    /// <param name="hasPassword">One is kept.</param>
    /// <param name="complaints">Takes what is wrong.</param>
    public static void Check(CollectorConfiguration wanted, bool hasPassword, Complaints complaints)
    {
        CheckName(wanted.Name, complaints);
        if (!HostAndPort.TryParseHost(wanted.Host, out _)) complaints.Add("host", $"'{wanted.Host}' is not a host name or an address (an IPv6 address stands in brackets).");
        if (wanted.Port is < 1 or > 65535) complaints.Add("port", "A port is a number from 1 to 65535.");
        CheckAuthority(wanted, complaints);
        CheckLogIn(wanted, hasPassword, complaints);
        CheckDomains(wanted, complaints);
        CheckSchedule(wanted, complaints);
    }

    static void CheckName(string name, Complaints complaints)
    {
        if (name.Length is 0 or > MaxNameLength || name.Any(char.IsControl) || name.Trim().Length != name.Length)
            complaints.Add("name", $"A name has 1 to {MaxNameLength} characters, no control characters, and no blank at its ends.");
        // Such a name could not be a part of a collector's own address in the API.
        else if (name.Contains('/', StringComparison.Ordinal) || name is "." or "..")
            complaints.Add("name", $"'{name}' cannot be a name: it has a slash, or is a dot or two.");
    }

    static void CheckAuthority(CollectorConfiguration wanted, Complaints complaints)
    {
        if (wanted.CertificateAuthority is not { } pem) return;
        if (wanted.Tls is not (HostTls.Verify or HostTls.Implicit))
            complaints.Add("certificateAuthority", "It is looked at only where tls is verify or implicit.");
        else if (Certificates.TroubleInAuthorities(pem) is { } trouble) complaints.Add("certificateAuthority", trouble);
    }

    static void CheckLogIn(CollectorConfiguration wanted, bool hasPassword, Complaints complaints)
    {
        if (wanted.Username is null)
        {
            if (wanted.Password is not null) complaints.Add("username", "A password needs the username that it belongs to.");
            return;
        }
        if (wanted.Username.Length is 0 or > MaxNameLength || wanted.Username.Any(char.IsControl))
            complaints.Add("username", $"A username has 1 to {MaxNameLength} characters, and no control characters.");
        if (wanted.Password is { } password && (password.Length is 0 or > MaxSecretLength || password.Any(char.IsControl)))
            complaints.Add("password", $"A password has 1 to {MaxSecretLength} characters, and no control characters.");
        if (wanted.Password is null && !hasPassword) complaints.Add("password", "A log-in needs a password.");
    }

    static void CheckDomains(CollectorConfiguration wanted, Complaints complaints)
    {
        if (wanted.Domains.Count > MaxDomains) complaints.Add("domains", $"At most {MaxDomains} domains.");
        switch (wanted.Method)
        {
            case CollectionMethod.Turn when wanted.Domains.Count > 0:
                complaints.Add("domains", "TURN names no domains: the provider sends what belongs to the account. Leave them out, or choose atrn.");
                return;
            case CollectionMethod.Etrn when wanted.Domains.Count == 0:
                complaints.Add("domains", "ETRN needs at least one domain to ask for.");
                return;
            case CollectionMethod.Operator:
                complaints.Add("method", "A collector asks by etrn, turn or atrn.");
                return;
        }
        foreach (var (index, domain) in wanted.Domains.Index())
        {
            if (!IsNode(domain, etrn: wanted.Method is CollectionMethod.Etrn))
                complaints.Add($"domains[{index}]", $"'{domain}' is not a domain{(wanted.Method is CollectionMethod.Etrn ? ", nor a domain behind @ or a name behind #" : "")}.");
        }
    }

    /// <summary>RFC 1985 section 5.3.</summary>
    static bool IsNode(string text, bool etrn) => text switch
    {
        ['@', .. var domain] when etrn => DomainName.TryParse(domain, out _),
        ['#', .. var name] when etrn => name.Length is > 0 and <= 255 && name.All(c => c is > ' ' and < '\u007f'),
        _ => DomainName.TryParse(text, out _),
    };

    static void CheckSchedule(CollectorConfiguration wanted, Complaints complaints)
    {
        if (wanted is { Schedule: not null, Every: not null })
            complaints.Add("every", "Give either a schedule or every, not both.");
        if (wanted.Schedule is { } cron && CollectorSchedule.TroubleIn(cron) is { } trouble) complaints.Add("schedule", trouble);
        if (wanted.Every is { } every && (every < CollectorSchedule.MinEvery || every > CollectorSchedule.MaxEvery))
            complaints.Add("every", "A collector runs every minute (PT1M) at the most, and every 30 days (P30D) at the least.");
    }
}
