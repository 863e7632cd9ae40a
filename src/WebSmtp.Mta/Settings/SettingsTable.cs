using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Xml;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Settings;

/// <summary>Every setting of a site, once. Names are those of the REST contract.</summary>
public static class SettingsTable
{
    const long KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

    public static readonly Setting<long> MaxMessageSize = Size("maxMessageSize", "Messages", 32 * MiB,
        "The largest message that is taken, announced with SIZE. A larger one is refused with 552.", 1024, 2 * GiB,
        scope: SettingScope.SiteAndDomain, metabase: "MaxMessageSize");
    public static readonly Setting<long> MaxTextLine = Size("maxTextLine", "Messages", 64 * KiB,
        "The longest line that a message may have, with its CRLF. A message with a longer one is refused with 554.", 1000, 2 * GiB);
    public static readonly Setting<long> MaxSessionSize = Size("maxSessionSize", "Messages", GiB,
        "Bytes of message content in one connection; passing it closes the connection.", 1024, 1024 * GiB, metabase: "MaxSessionSize");
    public static readonly Setting<long> MaxMessagesPerConnection = Count("maxMessagesPerConnection", "Messages", 20,
        "Messages sent over one outbound connection before a new one is opened.", 2_000_000_000, "messages",
        SettingScope.SiteAndDomain, "MaxBatchedMessages");
    public static readonly Setting<long> MaxRecipientsPerMessage = Count("maxRecipientsPerMessage", "Messages", 1000,
        "Recipients of one message; further ones are refused with 452, and the sender sends them in another message.",
        1_000_000, "recipients", metabase: "MaxRecipients", zero: false);
    public static readonly Setting<long> MaxMessagesPerSession = Count("maxMessagesPerSession", "Messages", 0,
        "Messages that a client may send in one connection.", 2_000_000_000, "messages");
    public static readonly Setting<long> MaxErrors = Count("maxErrors", "General", 20,
        "Commands answered with an error before the session is ended with 421.", 1_000_000, "errors", metabase: "MaxSmtpErrors", zero: false);
    public static readonly Setting<long> MaxConnections = Count("maxConnections", "General", 1000,
        "Inbound connections at the same time; further ones are answered with 421.", 2_000_000_000, "connections", metabase: "MaxConnections");
    public static readonly Setting<long> MaxConnectionsPerAddress = Count("maxConnectionsPerAddress", "General", 0,
        "Inbound connections at the same time from one address.", 2_000_000_000, "connections");
    public static readonly Setting<TimeSpan> InactivityTimeout = Duration("inactivityTimeout", "General", TimeSpan.FromMinutes(10),
        "How long a session may be silent before it is ended with 421.", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), metabase: "ConnectionTimeout");
    public static readonly Setting<long> MaxHops = Count("maxHops", "Messages", 100,
        "Received fields that a message may have before it is taken for a loop.", 1000, "hops", metabase: "HopCount", zero: false);
    public static readonly Setting<bool> AnonymousAllowed = Flag("anonymousAllowed", "Access", true,
        "Clients may send mail without logging in.", "AuthFlags");
    public static readonly Setting<IReadOnlyList<string>> AuthMechanisms = Choices("authMechanisms", "Access", ["SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5"],
        "The ways to log in that are offered. CRAM-MD5 works for accounts with challengeResponse.");
    public static readonly Setting<bool> RequireTlsForAuth = Flag("requireTlsForAuth", "TLS", true,
        "Passwords are only taken under TLS. Clients on this machine, SCRAM-SHA-256 and CRAM-MD5, which show no password, are exempt.", null);
    public static readonly Setting<bool> EtrnRequiresAuth = Flag("etrnRequiresAuth", "Access", false,
        "ETRN is only taken after a log-in; before, it is answered with 530.", null);
    public static readonly Setting<bool> EtrnEnabled = Flag("etrnEnabled", "Access", true, "ETRN is offered.", "SmtpInboundCommandSupportOptions");
    public static readonly Setting<bool> TurnEnabled = Flag("turnEnabled", "Access", true,
        "Authenticated TURN is offered; when off it is answered with 502.", "SmtpInboundCommandSupportOptions");
    public static readonly Setting<bool> AtrnEnabled = Flag("atrnEnabled", "Access", true,
        "ATRN is offered; when off it is answered with 502.", "SmtpInboundCommandSupportOptions");
    public static readonly Setting<IReadOnlyList<AddressRange>> AllowAddresses = Ranges("allowAddresses", "Access",
        "When not empty, only these addresses may connect.");
    public static readonly Setting<IReadOnlyList<AddressRange>> DenyAddresses = Ranges("denyAddresses", "Access",
        "These addresses may not connect.");
    public static readonly Setting<RelayRules> Relay = RelaySetting();
    public static readonly Setting<IReadOnlyList<AddressRange>> RepairLineEndingsFrom = Ranges("repairLineEndingsFrom", "Access",
        "Messages with bare CR or LF from these addresses are repaired instead of refused. For old devices.");
    public static readonly Setting<string> Banner = Text("banner", "General", "ESMTP WebSmtp",
        "What follows the host name in the greeting.", 200, "ConnectResponse");

    public static readonly Setting<IReadOnlyList<TimeSpan>> RetryIntervals = Durations("retryIntervals", "Delivery",
        [TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(240)],
        "How long to wait after each failed attempt; the last one repeats.", SettingScope.SiteAndDomain, "SmtpRemoteProgressiveRetry");
    public static readonly Setting<TimeSpan> ExpireAfter = Duration("expireAfter", "Delivery", TimeSpan.FromDays(2),
        "Mail that could not be delivered for so long is given up. Held mail has its domain's maxAge instead.",
        TimeSpan.FromMinutes(1), TimeSpan.FromDays(365), SettingScope.SiteAndDomain, "SmtpRemoteNDRExpireMinutes");
    public static readonly Setting<TimeSpan> DelayNotificationAfter = Duration("delayNotificationAfter", "Delivery", TimeSpan.FromHours(12),
        "Senders are told once that their mail is late when it could not be delivered for so long; PT0S: never. Held mail is not late.",
        TimeSpan.Zero, TimeSpan.FromDays(365), SettingScope.SiteAndDomain, "SmtpRemoteDelayExpireMinutes");
    public static readonly Setting<long> OutboundPort = Integer("outboundPort", "Delivery", 25,
        "The TCP port that other hosts are connected to.", 1, 65535, SettingScope.SiteAndDomain, "RemoteSmtpPort");
    public static readonly Setting<string> OutboundTls = Choice("outboundTls", "TLS", "opportunistic", ["none", "opportunistic", "require", "verify"],
        "TLS towards other hosts: never, when it is offered, always with any certificate, or always with the right one.", SettingScope.SiteAndDomain, "AlwaysUseSsl");
    public static readonly Setting<bool> PickupEnabled = Flag("pickupEnabled", "Folders", true,
        "Files that are put into the Pickup folder are sent.", null);
    public static readonly Setting<long> DropMaxBytes = Size("dropMaxBytes", "Folders", 0,
        "Bytes that may lie in a Drop folder; while there are as many, further mail for it is refused with 452 4.2.2.", 1024, 1024 * GiB,
        scope: SettingScope.SiteAndDomain);
    public static readonly Setting<string> MasqueradeDomain = DomainText("masqueradeDomain", "Delivery",
        "Mail that leaves for other hosts shows this domain instead of the site's own ones, as envelope sender and in From. Empty: it does not.",
        SettingScope.SiteAndDomain, "MasqueradeDomain");
    public static readonly Setting<SmartHostRoute?> SmartHost = SmartHostSetting();
    public static readonly Setting<long> MaxOutboundConnections = Count("maxOutboundConnections", "Delivery", 1000,
        "Connections to other hosts at the same time; more mail waits for one of them.", 2_000_000_000, "connections", metabase: "MaxOutConnections");
    public static readonly Setting<long> MaxOutboundConnectionsPerDomain = Count("maxOutboundConnectionsPerDomain", "Delivery", 100,
        "Connections to one destination at the same time. A few are opened at first, and more while it goes well.",
        2_000_000_000, "connections", SettingScope.SiteAndDomain, "MaxOutConnectionsPerDomain");
    public static readonly Setting<long> MaxOutboundMessagesPerMinute = Count("maxOutboundMessagesPerMinute", "Delivery", 0,
        "Messages to one destination domain within a minute, where mail goes to the domain's own hosts; the rest waits. 0: no limit. Smart hosts have limits of their own.",
        2_000_000_000, "messages", SettingScope.SiteAndDomain);
    public static readonly Setting<long> MaxOutboundMessagesPerDay = Count("maxOutboundMessagesPerDay", "Delivery", 0,
        "Messages to one destination domain within a day (UTC), where mail goes to the domain's own hosts; the rest waits. 0: no limit.",
        2_000_000_000, "messages", SettingScope.SiteAndDomain);
    public static readonly Setting<TimeSpan> OutboundIdleTimeout = Duration("outboundIdleTimeout", "Delivery", TimeSpan.FromSeconds(5),
        "How long a connection to another host is kept open for more mail; PT0S closes it at once.", TimeSpan.Zero, TimeSpan.FromMinutes(10), SettingScope.SiteAndDomain);
    public static readonly Setting<TimeSpan> OutboundConnectTimeout = Duration("outboundConnectTimeout", "Delivery", TimeSpan.FromSeconds(30),
        "How long to wait for a connection.", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10), SettingScope.SiteAndDomain, "SmtpConnectTimeout");
    public static readonly Setting<TimeSpan> OutboundGreetingTimeout = Duration("outboundGreetingTimeout", "Delivery", TimeSpan.FromMinutes(5),
        "How long to wait for the greeting.", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), SettingScope.SiteAndDomain, "SmtpHeloTimeout");
    public static readonly Setting<TimeSpan> OutboundReplyTimeout = Duration("outboundReplyTimeout", "Delivery", TimeSpan.FromMinutes(5),
        "How long to wait for the reply to a command.", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), SettingScope.SiteAndDomain, "SmtpMailFromTimeout");
    public static readonly Setting<TimeSpan> OutboundDataTimeout = Duration("outboundDataTimeout", "Delivery", TimeSpan.FromMinutes(3),
        "How long each block of a message may take.", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), SettingScope.SiteAndDomain, "SmtpDataTimeout");
    public static readonly Setting<TimeSpan> OutboundFinalTimeout = Duration("outboundFinalTimeout", "Delivery", TimeSpan.FromMinutes(10),
        "How long to wait for the reply to a whole message.", TimeSpan.FromSeconds(1), TimeSpan.FromHours(2), SettingScope.SiteAndDomain, null);
    public static readonly Setting<long> MaxLateMessagesPerCollection = Count("maxLateMessagesPerCollection", "Delivery", 1000,
        "Messages that arrive while a collection runs and are still part of it; then it ends, so that no session is endless.",
        1_000_000, "messages", SettingScope.SiteAndDomain, zero: false);
    public static readonly Setting<long> MaxReportSize = Size("maxReportSize", "Messages", MiB,
        "A failure report gives back the message up to this size; of a larger one only the header.", 1024, 2 * GiB, metabase: "MaxDSNSize");
    public static readonly Setting<string> PostmasterCopyTo = Address("postmasterCopyTo", "Messages",
        "This address gets a copy of every report of failure that a sender gets. Empty: nobody.", "SendNdrTo");
    public static readonly Setting<string> BadmailCopy = Address("badmailCopy", "Folders",
        "This address gets a copy of mail that could be neither delivered nor returned, and went to the Badmail folder. Empty: nobody.", "SendBadTo");
    public static readonly Setting<TimeSpan> HistoryFor = Duration("historyFor", "Messages", TimeSpan.FromDays(30),
        "How long a message that has left the queue stays findable, without its content.", TimeSpan.FromHours(1), TimeSpan.FromDays(3650));
    public static readonly Setting<bool> TraceRejections = Flag("traceRejections", "Messages", true,
        "Refused connections, log-ins, senders, recipients and messages are written down, and stay findable as long as messages that have left.", null);
    public static readonly Setting<string> ProtocolLog = Choice("protocolLog", "General", "off", ["off", "memory", "file"],
        "Whether every connection's commands and replies are recorded: not at all, in memory for the log and the sessions of the last time, or also in files in the W3C extended format. What somebody looks at is shown in any case.",
        SettingScope.Site, "LogType");
    public static readonly Setting<string> ProtocolLogPeriod = Choice("protocolLogPeriod", "General", "daily", ["hourly", "daily", "weekly", "monthly", "unlimited"],
        "How often a new log file is begun.", SettingScope.Site, "LogFilePeriod");
    public static readonly Setting<long> ProtocolLogMaxFileSize = Size("protocolLogMaxFileSize", "General", 256 * MiB,
        "A log file that is larger is continued in another one.", 64 * KiB, 64 * GiB, metabase: "LogFileTruncateSize");
    public static readonly Setting<TimeSpan> ProtocolLogKeepFor = Duration("protocolLogKeepFor", "General", TimeSpan.FromDays(30),
        "Log files that were last written so long ago are deleted; PT0S: never.", TimeSpan.Zero, TimeSpan.FromDays(3650));
    public static readonly Setting<bool> ProtocolLogLocalTime = Flag("protocolLogLocalTime", "General", false,
        "Log files begin at midnight of this server's time zone, and are named after it. The times in them are UTC, as the format wants it.", "LogFileLocaltimeRollover");

    /// <summary>All settings, in the order in which they are shown.</summary>
    public static readonly IReadOnlyList<Setting> All = [.. typeof(SettingsTable).GetFields()
        .Where(field => field.FieldType.IsSubclassOf(typeof(Setting))).Select(field => (Setting)field.GetValue(null)!)];

    /// <summary>The property sheets, in order.</summary>
    public static readonly IReadOnlyList<string> Sheets = ["General", "Access", "Messages", "Delivery", "Folders", "TLS"];

    static readonly FrozenDictionary<string, Setting> ByName = All.ToFrozenDictionary(setting => setting.Name, StringComparer.Ordinal);

    /// <summary>Null when there is no such setting.</summary>
    public static Setting? Find(string name) => ByName.GetValueOrDefault(name);

    static Setting<long> Number(SettingType type, string name, string sheet, long value, string help, long minimum, long maximum,
        string? unit, bool zero, SettingScope scope, string? metabase) => new()
        {
            Name = name,
            Type = type,
            Sheet = sheet,
            Help = help,
            Default = value,
            Unit = unit,
            Scope = scope,
            ZeroMeansNoLimit = zero,
            MetabaseProperty = metabase,
            Minimum = minimum.ToString(CultureInfo.InvariantCulture),
            Maximum = maximum.ToString(CultureInfo.InvariantCulture),
            Read = node => Json.Integer(node) is { } read && (read >= minimum && read <= maximum || zero && read == 0)
                ? (read, null)
                : (0, $"{Json.Quote(node)} is not allowed; give a whole number from {minimum} to {maximum}{(zero ? ", or 0 for no limit" : "")}."),
            Write = read => read,
        };

    static Setting<long> Size(string name, string sheet, long value, string help, long minimum, long maximum,
        SettingScope scope = SettingScope.Site, string? metabase = null) =>
        Number(SettingType.Size, name, sheet, value, help, minimum, maximum, "bytes", true, scope, metabase);

    static Setting<long> Count(string name, string sheet, long value, string help, long maximum, string unit,
        SettingScope scope = SettingScope.Site, string? metabase = null, bool zero = true) =>
        Number(SettingType.Number, name, sheet, value, help, 1, maximum, unit, zero, scope, metabase);

    static Setting<long> Integer(string name, string sheet, long value, string help, long minimum, long maximum, SettingScope scope, string? metabase) =>
        Number(SettingType.Number, name, sheet, value, help, minimum, maximum, null, false, scope, metabase);

    static Setting<bool> Flag(string name, string sheet, bool value, string help, string? metabase) => new()
    {
        Name = name,
        Type = SettingType.Boolean,
        Sheet = sheet,
        Help = help,
        Default = value,
        MetabaseProperty = metabase,
        Read = node => Json.Boolean(node) is { } read ? (read, null) : (false, $"{Json.Quote(node)} is not allowed; give true or false."),
        Write = read => read,
    };

    static Setting<string> Text(string name, string sheet, string value, string help, int maxLength, string? metabase) => new()
    {
        Name = name,
        Type = SettingType.Text,
        Sheet = sheet,
        Help = help,
        Default = value,
        MetabaseProperty = metabase,
        Maximum = maxLength.ToString(CultureInfo.InvariantCulture),
        Unit = "characters",
        Read = node => Json.Text(node) is { } read && read.Length <= maxLength && read.All(c => c is >= ' ' and <= '~')
            ? (read, null)
            : ("", $"{Json.Quote(node)} is not allowed; give at most {maxLength} printable ASCII characters on one line."),
        Write = read => read,
    };

    static Setting<string> DomainText(string name, string sheet, string help, SettingScope scope, string? metabase) => new()
    {
        Name = name,
        Type = SettingType.Text,
        Sheet = sheet,
        Help = help,
        Default = "",
        Scope = scope,
        MetabaseProperty = metabase,
        Maximum = DomainName.MaxLength.ToString(CultureInfo.InvariantCulture),
        Unit = "characters",
        Read = node => Json.Text(node) switch
        {
            "" => ("", null),
            { } read when DomainName.TryParse(read, out var domain) => (domain, null),
            _ => ("", $"{Json.Quote(node)} is not allowed; give a domain such as \"example.com\", or an empty text for none."),
        },
        Write = read => read,
    };

    /// <summary>One mailbox; a name without a domain belongs to the default domain. Empty: none.</summary>
    static Setting<string> Address(string name, string sheet, string help, string? metabase) => new()
    {
        Name = name,
        Type = SettingType.Address,
        Sheet = sheet,
        Help = help,
        Default = "",
        MetabaseProperty = metabase,
        Read = node => Json.Text(node) is { } read && MailAddress.TryParse(read, out var address)
            ? (address.ToString(), null)
            : ("", $"{Json.Quote(node)} is not allowed; give one address such as \"postmaster@example.com\", or \"\" for none."),
        Write = read => read,
    };

    static Setting<string> Choice(string name, string sheet, string value, string[] choices, string help, SettingScope scope, string? metabase) => new()
    {
        Name = name,
        Type = SettingType.Choice,
        Sheet = sheet,
        Help = help,
        Default = value,
        Choices = choices,
        Scope = scope,
        MetabaseProperty = metabase,
        Read = node => Json.Text(node) is { } read && choices.Contains(read, StringComparer.Ordinal)
            ? (read, null)
            : ("", $"{Json.Quote(node)} is not allowed; give one of {string.Join(", ", choices)}."),
        Write = read => read,
    };

    static Setting<IReadOnlyList<string>> Choices(string name, string sheet, string[] choices, string help) => new()
    {
        Name = name,
        Type = SettingType.ChoiceList,
        Sheet = sheet,
        Help = help,
        Default = choices,
        Choices = choices,
        Read = node => Json.Texts(node) is { } read && read.All(item => choices.Contains(item, StringComparer.OrdinalIgnoreCase))
            ? ([.. read.Select(item => item.ToUpperInvariant()).Distinct(StringComparer.Ordinal)], null)
            : ([], $"{Json.Quote(node)} is not allowed; give a list of {string.Join(", ", choices)}."),
        Write = Json.Array,
    };

    static Setting<TimeSpan> Duration(string name, string sheet, TimeSpan value, string help, TimeSpan minimum, TimeSpan maximum,
        SettingScope scope = SettingScope.Site, string? metabase = null) => new()
        {
            Name = name,
            Type = SettingType.Duration,
            Sheet = sheet,
            Help = help,
            Default = value,
            Scope = scope,
            MetabaseProperty = metabase,
            Minimum = XmlConvert.ToString(minimum),
            Maximum = XmlConvert.ToString(maximum),
            Read = node => Json.Duration(node) is { } read && read >= minimum && read <= maximum
                ? (read, null)
                : (default, $"{Json.Quote(node)} is not allowed; give an ISO 8601 duration from {XmlConvert.ToString(minimum)} to {XmlConvert.ToString(maximum)}, such as \"PT15M\"."),
            Write = read => XmlConvert.ToString(read),
        };

    static Setting<IReadOnlyList<TimeSpan>> Durations(
        string name, string sheet, TimeSpan[] value, string help, SettingScope scope, string? metabase) => new()
        {
            Name = name,
            Type = SettingType.DurationList,
            Sheet = sheet,
            Help = help,
            Default = value,
            Scope = scope,
            MetabaseProperty = metabase,
            Minimum = "PT1S",
            Maximum = "P30D",
            Read = node => Json.Durations(node) is { Count: >= 1 and <= 50 } read && read.All(one => one >= TimeSpan.FromSeconds(1) && one <= TimeSpan.FromDays(30))
                ? (read, null)
                : ([], $"{Json.Quote(node)} is not allowed; give a list of 1 to 50 ISO 8601 durations from PT1S to P30D, such as [\"PT15M\", \"PT1H\"]."),
            Write = read => Json.Array([.. read.Select(XmlConvert.ToString)]),
        };

    static Setting<IReadOnlyList<AddressRange>> Ranges(string name, string sheet, string help) => new()
    {
        Name = name,
        Type = SettingType.AddressRanges,
        Sheet = sheet,
        Help = help,
        Default = [],
        MetabaseProperty = "IPSecurity",
        Read = node => Json.Ranges(node) is { } read ? (read, null) : ([], Json.RangesError(node)),
        Write = read => Json.Array([.. read.Select(range => range.ToString())]),
    };

    static Setting<SmartHostRoute?> SmartHostSetting() => new()
    {
        Name = "smartHost",
        Type = SettingType.SmartHost,
        Sheet = "Delivery",
        MetabaseProperty = "SmartHost",
        Help = "Mail that no domain rule routes is handed to this host, or to the kept smart hosts that it names, in order: always, or as a fallback where the domain's own hosts cannot be reached.",
        Default = null,
        Read = SmartHostJson.ReadStored,
        Write = SmartHostJson.Show,
    };

    static Setting<RelayRules> RelaySetting() => new()
    {
        Name = "relay",
        Type = SettingType.Relay,
        Sheet = "Access",
        MetabaseProperty = "RelayIpList",
        Help = "Who may send to domains that are not this site's: clients that logged in, and these addresses.",
        Default = new(true, [new(new IPNetwork(IPAddress.Loopback, 32)), new(new IPNetwork(IPAddress.IPv6Loopback, 128))]),
        Read = Json.Relay,
        Write = rules => new JsonObject
        {
            ["allowAuthenticated"] = rules.AllowAuthenticated,
            ["allowAddresses"] = Json.Array([.. rules.AllowAddresses.Select(range => range.ToString())]),
        },
    };
}
