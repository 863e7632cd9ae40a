using System.Data;

namespace WebSmtp.Storage.Queue;

/// <summary>A statement and its parameters, in the order in which it is given their values.</summary>
sealed class Statement(string text, params string[] parameters)
{
    public string Text => text;
    public IReadOnlyList<string> Parameters => parameters;
}

/// <summary>
/// The text of every statement that changes the queue: prepared commands, because EF's change tracker would cost nearly
/// twice the CPU here. They name tables and columns of the EF model; a test fails when the two differ.
/// </summary>
static partial class HotStatements
{
    /// <summary>Stands where PostgreSQL is told to leave out rows that another node has locked.</summary>
    public const string SkipLocked = "/*skip locked*/";

    public static readonly Statement InsertMessage = Insert("Messages",
        "Id", "SiteId", "ReceivedAt", "ClientAddress", "HeloName", "Account", "Protocol", "Tls", "Policy", "MailFrom", "Body", "SmtpUtf8", "Return",
        "EnvelopeId", "Size", "Subject", "HeaderMessageId", "ContentPath", "LiveRecipients", "EndedAt");

    public static readonly Statement InsertRecipient = Insert("Recipients",
        "MessageId", "SiteId", "Address", "Domain", "State", "DueAt", "Attempts", "Lease", "LeaseUntil", "LeasedFrom", "LastReply",
        "DeliveredTo", "SettledAt", "Notify", "OriginalRecipient", "DelayReportedAt", "HeldBackUntil", "ViaDomain", "ViaSmartHost", "AcceptedHeld");

    /// <summary>An entry that is leased by its insert: whoever has the lease needs its number.</summary>
    public static readonly Statement InsertLeased = new($"""{InsertRecipient.Text} RETURNING "Id" """, [.. InsertRecipient.Parameters]);

    /// <summary>The numbers of a message's entries, in the order in which they came.</summary>
    public static readonly Statement EntriesOf = new("""SELECT "Id" FROM "Recipients" WHERE "MessageId" = @MessageId ORDER BY "Id" """, "MessageId");

    public static readonly Statement InsertContent = Insert("Contents", "MessageId", "Data");

    public static readonly Statement InsertTrace = Insert("TraceEvents",
        "MessageId", "At", "Event", "Recipient", "Detail", "Reply", "Host", "Address", "Tls", "Stage", "Milliseconds", "By");

    public static readonly Statement AddToDestination = Upsert(
        Insert("Destinations", "SiteId", "Domain", "Reversed", "Messages", "Bytes"),
        """
        ("SiteId", "Domain") DO UPDATE SET "Messages" = "Destinations"."Messages" + excluded."Messages", "Bytes" = "Destinations"."Bytes" + excluded."Bytes"
        """);

    public static readonly Statement DeleteEmptyDestination = new(
        """
        DELETE FROM "Destinations" WHERE "SiteId" = @SiteId AND "Domain" = @Domain AND "Messages" <= 0
        """, "SiteId", "Domain");

    public static readonly Statement WriteServiceState = Upsert(
        Insert("ServiceState", "Name", "Value"), """("Name") DO UPDATE SET "Value" = excluded."Value" """);

    public static readonly Statement MessageExists = new("""SELECT 1 FROM "Messages" WHERE "Id" = @Id""", "Id");

    public static readonly Statement Lease = new(
        $"""
        UPDATE "Recipients" SET "State" = 'delivering', "LeasedFrom" = @From, "Lease" = @Owner, "LeaseUntil" = @Until, "DueAt" = NULL
        WHERE "Id" IN (SELECT "Id" FROM "Recipients" WHERE "Id" = @Id AND "SiteId" = @SiteId AND "State" = @From {SkipLocked})
        RETURNING "Attempts", "LastReply"
        """, "Id", "SiteId", "From", "Owner", "Until");

    /// <summary>A bounded number: mail comes in between.</summary>
    public static readonly Statement MoveDue = new(
        """
        UPDATE "Recipients" SET "DueAt" = @Until, "HeldBackUntil" = CASE WHEN "HeldBackUntil" IS NULL THEN NULL ELSE @Until END WHERE "Id" IN (SELECT "Id" FROM "Recipients"
        WHERE "SiteId" = @SiteId AND "State" = 'queued' AND "DueAt" = @DueAt AND "MessageId" >= @MessageId
        AND ("MessageId" >= @Unreported OR "DelayReportedAt" IS NOT NULL) LIMIT 500)
        """, "SiteId", "DueAt", "Until", "MessageId", "Unreported");

    public static readonly Statement Renew = new(
        """
        UPDATE "Recipients" SET "LeaseUntil" = @Until WHERE "Lease" = @Owner
        """, "Owner", "Until");

    public static readonly Statement Release = new($"""{BackToWaiting} WHERE "Lease" = @Owner""", "Owner", "Now");

    public static readonly Statement Recover = new(
        $"""
        {BackToWaiting} WHERE "Lease" IS NOT NULL AND (("Lease" >= @Owner AND "Lease" < @OwnerEnd) OR "LeaseUntil" <= @Now)
        """, "Owner", "OwnerEnd", "Now");

    public static readonly Statement Settle = new(
        """
        UPDATE "Recipients" SET "State" = COALESCE(@To, "LeasedFrom"),
        "DueAt" = CASE WHEN COALESCE(@To, "LeasedFrom") = 'queued' THEN @DueAt END,
        "Attempts" = "Attempts" + @Count, "LastReply" = COALESCE(@Reply, "LastReply"),
        "DeliveredTo" = @Host, "SettledAt" = @SettledAt,
        "DelayReportedAt" = COALESCE(@DelayReportedAt, "DelayReportedAt"), "HeldBackUntil" = COALESCE(@HeldBackUntil, "HeldBackUntil"), "Lease" = NULL, "LeaseUntil" = NULL, "LeasedFrom" = NULL
        WHERE "Id" = @Id AND "Lease" = @Owner RETURNING "MessageId", "SiteId", "Domain", "Address"
        """, "Id", "Owner", "To", "DueAt", "Count", "Reply", "Host", "SettledAt", "DelayReportedAt", "HeldBackUntil");

    /// <summary>Ends an entry that nobody has leased.</summary>
    public static readonly Statement End = new(
        """
        UPDATE "Recipients" SET "State" = @To, "DueAt" = NULL, "SettledAt" = @Now
        WHERE "Id" = @Id AND "State" = @From RETURNING "MessageId", "SiteId", "Domain", "Address"
        """, "Id", "From", "To", "Now");

    /// <summary>A message's entries that are not at an end.</summary>
    public static readonly Statement LiveEntries = new(
        """
        SELECT "Id", "State" FROM "Recipients" WHERE "MessageId" = @MessageId AND "SettledAt" IS NULL
        """, "MessageId");

    public static readonly Statement LiveDomains = new(
        """
        SELECT DISTINCT "Domain" FROM "Recipients" WHERE "MessageId" = @MessageId AND "SettledAt" IS NULL
        """, "MessageId");

    public static readonly Statement LiveAtDomain = new(
        """
        SELECT 1 FROM "Recipients" WHERE "MessageId" = @MessageId AND "Domain" = @Domain AND "SettledAt" IS NULL LIMIT 1
        """, "MessageId", "Domain");

    /// <summary>Counts down the entries of a message; says what is left and what it was.</summary>
    public static readonly Statement CountDown = new(
        """
        UPDATE "Messages" SET "LiveRecipients" = "LiveRecipients" - @Count WHERE "Id" = @Id RETURNING "LiveRecipients", "SiteId", "Size", "ContentPath"
        """, "Id", "Count");

    public static readonly Statement EndMessage = new(
        """
        UPDATE "Messages" SET "EndedAt" = @Now, "ContentPath" = NULL WHERE "Id" = @Id
        """, "Id", "Now");

    public static readonly Statement DeleteContent = new("""DELETE FROM "Contents" WHERE "MessageId" = @MessageId""", "MessageId");

    /// <summary>Entries, trace and content go with it.</summary>
    public static readonly Statement DeleteMessage = new("""DELETE FROM "Messages" WHERE "Id" = @Id AND "LiveRecipients" <= 0""", "Id");

    public static readonly Statement MoveMessage = new(
        """
        UPDATE "Messages" SET "SiteId" = @ToSiteId WHERE "Id" = @Id AND "SiteId" = @SiteId AND "LiveRecipients" > 0 RETURNING "Size"
        """, "Id", "SiteId", "ToSiteId");

    public static readonly Statement MoveEntries = new(
        """
        UPDATE "Recipients" SET "SiteId" = @ToSiteId WHERE "MessageId" = @MessageId
        """, "MessageId", "ToSiteId");

    /// <summary>Puts an entry that nobody has leased into another state.</summary>
    public static readonly Statement ChangeState = new(
        """
        UPDATE "Recipients" SET "State" = @To, "DueAt" = @DueAt WHERE "Id" = @Id AND "State" = @From RETURNING "MessageId", "Address"
        """, "Id", "From", "To", "DueAt");

    /// <summary>Entries on their way now come back to where the new route wants them.</summary>
    public static readonly Statement RerouteLeased = new(
        """
        UPDATE "Recipients" SET "LeasedFrom" = @To WHERE "SiteId" = @SiteId AND "State" = 'delivering' AND "Domain" = @Domain AND "LeasedFrom" = @From
        AND "ViaDomain" IS NULL AND "ViaSmartHost" IS NULL
        """, "SiteId", "Domain", "From", "To");

    /// <summary>As <see cref="ChangeState"/>, and the entry goes another way from now on.</summary>
    public static readonly Statement Redirect = new(
        """
        UPDATE "Recipients" SET "State" = @To, "DueAt" = @DueAt, "ViaDomain" = @ViaDomain, "ViaSmartHost" = @ViaSmartHost
        WHERE "Id" = @Id AND "State" = @From RETURNING "MessageId", "Address"
        """, "Id", "From", "To", "DueAt", "ViaDomain", "ViaSmartHost");

    /// <summary>Leases an entry of a message from whatever state it waits in.</summary>
    public static readonly Statement LeaseEntry = new(
        $"""
        UPDATE "Recipients" SET "LeasedFrom" = "State", "State" = 'delivering', "Lease" = @Owner, "LeaseUntil" = @Until, "DueAt" = NULL
        WHERE "Id" IN (SELECT "Id" FROM "Recipients" WHERE "Id" = @Id AND "MessageId" = @MessageId AND "State" IN ('queued', 'held', 'frozen') {SkipLocked})
        RETURNING "Id"
        """, "Id", "MessageId", "Owner", "Until");

    public static readonly Statement StopDestination = new(
        $"{Insert("StoppedDestinations", "SiteId", "Domain", "At", "By").Text} ON CONFLICT DO NOTHING", "SiteId", "Domain", "At", "By");

    public static readonly Statement RestartDestination = new(
        """DELETE FROM "StoppedDestinations" WHERE "SiteId" = @SiteId AND "Domain" = @Domain""", "SiteId", "Domain");

    public static readonly Statement StoppedBy = new(
        """SELECT "By" FROM "StoppedDestinations" WHERE "SiteId" = @SiteId AND "Domain" = @Domain""", "SiteId", "Domain");

    /// <summary>All of the above, for the test.</summary>
    public static IEnumerable<Statement> All =>
        typeof(HotStatements).GetFields().Where(f => f.FieldType == typeof(Statement)).Select(f => (Statement)f.GetValue(null)!);

    const string BackToWaiting =
        """
        UPDATE "Recipients" SET "State" = "LeasedFrom", "DueAt" = CASE WHEN "LeasedFrom" = 'queued' THEN @Now END,
        "Lease" = NULL, "LeaseUntil" = NULL, "LeasedFrom" = NULL
        """;

    /// <summary>The type of a parameter; by its name, which is the column's wherever there is one.</summary>
    public static DbType TypeOf(string parameter) => parameter switch
    {
        "Id" or "MessageId" or "Size" or "Messages" or "Bytes" or "After" or "UpTo" or "Before" or "Bucket" or "Unreported" => DbType.Int64,
        "SiteId" or "ToSiteId" or "LiveRecipients" or "Attempts" or "Notify" or "Count" or "Milliseconds" => DbType.Int32,
        "ReceivedAt" or "EndedAt" or "DueAt" or "LeaseUntil" or "SettledAt" or "DelayReportedAt" or "HeldBackUntil" or "At" or "Until" or "Now" => DbType.DateTime,
        "SmtpUtf8" or "AcceptedHeld" => DbType.Boolean,
        "Data" => DbType.Binary,
        _ => DbType.String,
    };

    static Statement Insert(string table, params string[] columns) => new(
        $"""INSERT INTO "{table}" ("{string.Join("\", \"", columns)}") VALUES (@{string.Join(", @", columns)})""", columns);

    static Statement Upsert(Statement insert, string onConflict) => new($"{insert.Text} ON CONFLICT {onConflict}", [.. insert.Parameters]);
}
