namespace WebSmtp.Mta.Routing;

/// <summary>Reads what a domain publishes about its mail, and says in plain words what it means and what is missing.</summary>
static class PublishedPolicies
{
    /// <summary>Selectors that well-known programs and services use; others cannot be guessed.</summary>
    public static readonly IReadOnlyList<string> UsualSelectors =
        ["default", "dkim", "mail", "selector1", "selector2", "google", "s1", "s2", "k1", "smtp"];

    /// <summary>RFC 7208.</summary>
    public static DnsFinding Spf(string domain, RecordAnswer answer)
    {
        if (answer.Trouble is { } trouble) return new("SPF", DnsVerdict.Unknown, trouble, []);
        var found = answer.Records.Where(text => text.Equals("v=spf1", StringComparison.OrdinalIgnoreCase) || text.StartsWith("v=spf1 ", StringComparison.OrdinalIgnoreCase)).ToList();
        if (found.Count == 0)
            return new("SPF", DnsVerdict.Missing, "It does not say which hosts may send mail from it; many receivers distrust such mail.", [], $"{domain}. TXT \"v=spf1 mx -all\" ; only its mail hosts send; add include: and ip4: for others");
        if (found.Count > 1) return new("SPF", DnsVerdict.Bad, "There is more than one record, so none holds (permerror). Leave one.", found);
        var terms = found[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(term => term.ToLowerInvariant()).ToList();
        var lookups = terms.Count(NeedsLookup);
        if (lookups > 10) return new("SPF", DnsVerdict.Bad, $"{lookups} of its terms need a look-up of their own; more than 10 are an error (RFC 7208 section 4.6.4).", found);
        var all = terms.Find(term => term.TrimStart('+', '-', '~', '?') is "all");
        return all switch
        {
            "+all" or "all" => new("SPF", DnsVerdict.Bad, "It lets everybody send mail from it (+all).", found, $"{domain}. TXT \"{found[0][..^all.Length].TrimEnd()} -all\""),
            "?all" => new("SPF", DnsVerdict.Warning, "It says nothing about other hosts (?all), so it protects from nothing.", found),
            "~all" => new("SPF", DnsVerdict.Good, "Mail of other hosts is to be looked at with suspicion (~all).", found),
            "-all" when terms.Count == 1 => new("SPF", DnsVerdict.Good, "No host may send mail from it.", found),
            "-all" => new("SPF", DnsVerdict.Good, "Mail of other hosts is to be refused (-all).", found),
            _ when terms.Exists(term => term.StartsWith("redirect=", StringComparison.Ordinal)) => new("SPF", DnsVerdict.Good, "Another domain's rules hold (redirect).", found),
            _ => new("SPF", DnsVerdict.Warning, "It has no end (-all or ~all), so it says nothing about other hosts.", found),
        };
    }

    /// <summary>RFC 6376 section 3.6.1.</summary>
    public static DnsFinding Dkim(string domain, bool given, IReadOnlyList<(string Selector, RecordAnswer Answer)> asked)
    {
        var (keys, revoked, missing) = (new List<string>(), new List<string>(), new List<string>());
        var shown = new List<string>();
        foreach (var (selector, answer) in asked)
        {
            var record = answer.Records.FirstOrDefault(text => Tag(text, "p") is not null);
            if (record is null)
            {
                missing.Add(selector);
                continue;
            }
            shown.Add($"{selector}: {record}");
            (Tag(record, "p")!.Length > 0 ? keys : revoked).Add(selector);
        }
        if (keys.Count == 0 && revoked.Count == 0)
        {
            var trouble = asked.Select(one => one.Answer.Trouble).FirstOrDefault(text => text is not null);
            return trouble is not null ? new("DKIM", DnsVerdict.Unknown, trouble, [])
                : given ? new("DKIM", DnsVerdict.Bad, $"There is no key under {string.Join(", ", missing)}.", [], $"{missing[0]}._domainkey.{domain}. TXT \"v=DKIM1; k=rsa; p=...\" ; from whoever signs its mail")
                : new("DKIM", DnsVerdict.Missing, "There is no key under the usual selectors. Its signatures name the selector (s=); give that one to be sure.", []);
        }
        var says = keys.Count > 0 ? $"Keys under {string.Join(", ", keys)}." : $"The keys under {string.Join(", ", revoked)} were taken back (empty p=).";
        if (given && missing.Count > 0) says += $" None under {string.Join(", ", missing)}.";
        return new("DKIM", keys.Count == 0 || given && missing.Count > 0 ? DnsVerdict.Warning : DnsVerdict.Good, says, shown);
    }

    public static bool IsDmarc(string text) => text.StartsWith("v=DMARC1", StringComparison.Ordinal);

    /// <summary>RFC 7489.</summary>
    /// <param name="at">The domain that the records are of: it, or one above it.</param>
    public static DnsFinding Dmarc(string domain, string at, IReadOnlyList<string> found, string? trouble)
    {
        if (trouble is not null) return new("DMARC", DnsVerdict.Unknown, trouble, []);
        if (found.Count == 0)
            return new("DMARC", DnsVerdict.Missing, "It does not say what becomes of mail that only pretends to be from it.", [], $"_dmarc.{domain}. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{domain}\" ; first look at the reports, then p=quarantine or p=reject");
        if (found.Count > 1) return new("DMARC", DnsVerdict.Bad, "There is more than one record, so none holds. Leave one.", found);
        var from = at == domain ? "" : $" That is the policy of {at}.";
        var policy = (at == domain ? Tag(found[0], "p") : Tag(found[0], "sp") ?? Tag(found[0], "p"))?.ToLowerInvariant();
        var reports = Tag(found[0], "rua") is null ? " No reports are asked for (rua=)." : "";
        return policy switch
        {
            "reject" => new("DMARC", DnsVerdict.Good, $"Mail that only pretends to be from it is to be refused.{reports}{from}", found),
            "quarantine" => new("DMARC", DnsVerdict.Good, $"Mail that only pretends to be from it is to be put aside.{reports}{from}", found),
            "none" => new("DMARC", DnsVerdict.Warning, $"Nothing is to be done about mail that only pretends to be from it (p=none): it is only watched.{reports}{from}", found),
            _ => new("DMARC", DnsVerdict.Bad, $"Its policy cannot be read: p= must be none, quarantine or reject.{from}", found),
        };
    }

    /// <summary>RFC 8461.</summary>
    public static DnsFinding MtaSts(
        string domain, IReadOnlyList<string> record, string? trouble, IReadOnlyList<DnsMailHost> hosts, bool fetched, string? policy, string? policyTrouble)
    {
        const string topic = "MTA-STS";
        if (trouble is not null) return new(topic, DnsVerdict.Unknown, trouble, []);
        if (record.Count == 0)
            return new(topic, DnsVerdict.Missing, "Senders are not told that its hosts speak TLS, so that it can be taken away on the way.", [], $"_mta-sts.{domain}. TXT \"v=STSv1; id=1\" ; and a policy at https://mta-sts.{domain}/.well-known/mta-sts.txt");
        if (record.Count > 1) return new(topic, DnsVerdict.Bad, "There is more than one record, so none holds. Leave one.", record);
        if (Tag(record[0], "id") is not { Length: > 0 }) return new(topic, DnsVerdict.Bad, "The record has no id=.", record);
        if (!fetched) return new(topic, DnsVerdict.Good, $"A policy is announced. What it says stands at https://mta-sts.{domain}/.well-known/mta-sts.txt, which was not fetched.", record);
        if (policy is null) return new(topic, DnsVerdict.Bad, $"A policy is announced, but cannot be had: {policyTrouble}", record);
        var lines = policy.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).Take(100).Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2).ToList();
        string? Value(string key) => lines.Find(pair => pair[0] == key)?[1];
        var patterns = lines.Where(pair => pair[0] == "mx").Select(pair => pair[1]).ToList();
        IReadOnlyList<string> shown = [.. record, .. lines.Select(pair => $"{pair[0]}: {pair[1]}")];
        if (Value("version") != "STSv1" || Value("max_age") is null) return new(topic, DnsVerdict.Bad, "The policy cannot be read: it needs version: STSv1, mode, mx and max_age.", shown);
        var uncovered = hosts.Where(host => !patterns.Exists(pattern => Matches(host.Name, pattern))).Select(host => host.Name).ToList();
        return Value("mode") switch
        {
            "enforce" when uncovered.Count > 0 => new(topic, DnsVerdict.Bad, $"Senders must not hand mail to {string.Join(", ", uncovered)}: the policy does not name them (mode: enforce).", shown),
            "enforce" => new(topic, DnsVerdict.Good, "Senders must use TLS with a right certificate (mode: enforce).", shown),
            "testing" => new(topic, uncovered.Count > 0 ? DnsVerdict.Warning : DnsVerdict.Good, $"Senders only report trouble with TLS (mode: testing).{(uncovered.Count > 0 ? $" The policy does not name {string.Join(", ", uncovered)}." : "")}", shown),
            "none" => new(topic, DnsVerdict.Missing, "The policy is switched off (mode: none).", shown),
            _ => new(topic, DnsVerdict.Bad, "The policy's mode must be enforce, testing or none.", shown),
        };
    }

    /// <summary>RFC 8460.</summary>
    public static DnsFinding TlsReports(string domain, RecordAnswer answer)
    {
        const string topic = "TLS-RPT";
        if (answer.Trouble is { } trouble) return new(topic, DnsVerdict.Unknown, trouble, []);
        var found = answer.Records.Where(text => text.StartsWith("v=TLSRPTv1", StringComparison.Ordinal)).ToList();
        return found.Count switch
        {
            0 => new(topic, DnsVerdict.Missing, "Nobody is told when senders have trouble with TLS.", [], $"_smtp._tls.{domain}. TXT \"v=TLSRPTv1; rua=mailto:postmaster@{domain}\""),
            > 1 => new(topic, DnsVerdict.Bad, "There is more than one record, so none holds. Leave one.", found),
            _ when Tag(found[0], "rua") is { Length: > 0 } rua => new(topic, DnsVerdict.Good, $"Trouble with TLS is reported to {rua}.", found),
            _ => new(topic, DnsVerdict.Bad, "The record has no rua=.", found),
        };
    }

    static bool NeedsLookup(string term)
    {
        var mechanism = term.TrimStart('+', '-', '~', '?');
        return mechanism is "a" or "mx" or "ptr"
            || Array.Exists(["include:", "a:", "a/", "mx:", "mx/", "ptr:", "exists:", "redirect="], start => mechanism.StartsWith(start, StringComparison.Ordinal));
    }

    static bool Matches(string host, string pattern) => pattern.StartsWith("*.", StringComparison.Ordinal)
        ? host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && host.AsSpan(dot).Equals(pattern.AsSpan(1), StringComparison.OrdinalIgnoreCase)
        : string.Equals(host, pattern, StringComparison.OrdinalIgnoreCase);

    /// <summary>A value of <c>tag=value; tag=value</c>; null when the tag is not there.</summary>
    static string? Tag(string record, string tag)
    {
        foreach (var part in record.Split(';'))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && part.AsSpan(0, equals).Trim().Equals(tag, StringComparison.OrdinalIgnoreCase)) return part[(equals + 1)..].Trim();
        }
        return null;
    }
}
