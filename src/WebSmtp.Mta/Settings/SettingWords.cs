using static WebSmtp.Mta.Settings.SettingEffect;

namespace WebSmtp.Mta.Settings;

/// <summary>What a setting is called where people change it, where on its sheet it stands, and from when on a change holds.</summary>
sealed record SettingWords(string Group, string Label, SettingEffect Effect)
{
    const string Connections = "Connections", Greeting = "Greeting", Who = "Who may connect", LogIn = "Log-in", Relay = "Relaying",
        Collecting = "Held mail", Devices = "Old devices", Limits = "Limits of what is taken", Out = "What is sent on", Reports = "Reports",
        History = "History", Retries = "Retries and the end", Route = "Where mail goes", AtATime = "How much at a time",
        Patience = "How long to wait for other hosts", Pickup = "Pickup", Drop = "Drop", Badmail = "Badmail", Clients = "Towards clients",
        Hosts = "Towards other hosts", Protocol = "Protocol log";

    // In the order in which they stand on their sheets.
    static readonly OrderedDictionary<string, SettingWords> ByName = new(StringComparer.Ordinal)
    {
        ["maxConnections"] = new(Connections, "Connections at once", NewSessions),
        ["maxConnectionsPerAddress"] = new(Connections, "Connections at once from one address", NewSessions),
        ["inactivityTimeout"] = new(Connections, "Silent sessions end after", NewSessions),
        ["maxErrors"] = new(Connections, "Errors before a session is ended", NewSessions),
        ["banner"] = new(Greeting, "Greeting behind the host name", NewSessions),
        ["protocolLog"] = new(Protocol, "What is said is recorded", AtOnce),
        ["protocolLogPeriod"] = new(Protocol, "A new file", AtOnce),
        ["protocolLogMaxFileSize"] = new(Protocol, "Largest file", AtOnce),
        ["protocolLogKeepFor"] = new(Protocol, "Files are kept for", AtOnce),
        ["protocolLogLocalTime"] = new(Protocol, "Files begin at local midnight", AtOnce),

        ["allowAddresses"] = new(Who, "Only these addresses", NewSessions),
        ["denyAddresses"] = new(Who, "Not these addresses", NewSessions),
        ["anonymousAllowed"] = new(LogIn, "Mail is taken without a log-in", NewSessions),
        ["authMechanisms"] = new(LogIn, "Ways to log in", NewSessions),
        ["relay"] = new(Relay, "Who may send to other domains", NewSessions),
        ["etrnEnabled"] = new(Collecting, "ETRN", NewSessions),
        ["etrnRequiresAuth"] = new(Collecting, "ETRN only after a log-in", NewSessions),
        ["turnEnabled"] = new(Collecting, "TURN", NewSessions),
        ["atrnEnabled"] = new(Collecting, "ATRN", NewSessions),
        ["repairLineEndingsFrom"] = new(Devices, "Repair line endings from", NewSessions),

        ["maxMessageSize"] = new(Limits, "Largest message", NewSessions),
        ["maxSessionSize"] = new(Limits, "Content in one connection", NewSessions),
        ["maxRecipientsPerMessage"] = new(Limits, "Recipients of a message", NewSessions),
        ["maxMessagesPerSession"] = new(Limits, "Messages in one connection", NewSessions),
        ["maxTextLine"] = new(Limits, "Longest line", NewSessions),
        ["maxHops"] = new(Limits, "Received fields before it is a loop", NewSessions),
        ["maxMessagesPerConnection"] = new(Out, "Messages over one outbound connection", NextAttempt),
        ["maxReportSize"] = new(Reports, "Whole message in a report up to", AtOnce),
        ["postmasterCopyTo"] = new(Reports, "Copy of reports of failure to", AtOnce),
        ["historyFor"] = new(History, "Mail that has left stays findable for", AtOnce),
        ["traceRejections"] = new(History, "Refusals are written down", NewSessions),

        ["smartHost"] = new(Route, "Smart host", NextAttempt),
        ["masqueradeDomain"] = new(Route, "Masquerade domain", NextAttempt),
        ["outboundPort"] = new(Route, "Port of other hosts", NextAttempt),
        ["retryIntervals"] = new(Retries, "Waits between attempts", NextAttempt),
        ["delayNotificationAfter"] = new(Retries, "Senders are told of a delay after", NextAttempt),
        ["expireAfter"] = new(Retries, "Given up after", NextAttempt),
        ["maxOutboundConnections"] = new(AtATime, "Connections to other hosts", NextAttempt),
        ["maxOutboundConnectionsPerDomain"] = new(AtATime, "Connections to one destination", NextAttempt),
        ["maxOutboundMessagesPerMinute"] = new(AtATime, "Messages a minute to one domain", NextAttempt),
        ["maxOutboundMessagesPerDay"] = new(AtATime, "Messages a day to one domain", NextAttempt),
        ["maxLateMessagesPerCollection"] = new(AtATime, "Late messages in one collection", NextAttempt),
        ["outboundIdleTimeout"] = new(Patience, "Idle connections are kept for", NextAttempt),
        ["outboundConnectTimeout"] = new(Patience, "For a connection", NextAttempt),
        ["outboundGreetingTimeout"] = new(Patience, "For the greeting", NextAttempt),
        ["outboundReplyTimeout"] = new(Patience, "For the reply to a command", NextAttempt),
        ["outboundDataTimeout"] = new(Patience, "For a block of a message", NextAttempt),
        ["outboundFinalTimeout"] = new(Patience, "For the reply to a message", NextAttempt),

        ["pickupEnabled"] = new(Pickup, "Files in Pickup are sent", AtOnce),
        ["dropMaxBytes"] = new(Drop, "Room in a Drop folder", NewSessions),
        ["badmailCopy"] = new(Badmail, "Copy of Badmail to", AtOnce),

        ["requireTlsForAuth"] = new(Clients, "Passwords only under TLS", NewSessions),
        ["outboundTls"] = new(Hosts, "TLS towards other hosts", NextAttempt),
    };

    public static int PlaceOf(string name) => ByName.IndexOf(name);

    /// <summary>A setting without words of its own is called by its name: a test forbids that.</summary>
    public static SettingWords Of(string name) => ByName.GetValueOrDefault(name) ?? new("", name, AtOnce);
}
