namespace WebSmtp.Storage.Queue;

// What is written for searches. Ids are times, so a bucket is a span of time: the keys of what happens now lie close
// together, however long the history is, and those of what is old are removed together.
static partial class HotStatements
{
    /// <summary>Milliseconds and what is below them in an id that are the same bucket: four hours and forty minutes.</summary>
    public const int BucketBits = 46;

    public static readonly Statement InsertRejection = Insert("Rejections",
        "Id", "SiteId", "At", "ClientAddress", "HeloName", "Account", "Tls", "MailFrom", "Recipient", "HeaderMessageId", "Stage", "Reply");

    public static readonly Statement IndexMessages = Index(
        Key("Messages", "Id", TraceKey.Sender, "lower(\"MailFrom\")", "\"MailFrom\" <> ''"),
        Key("Messages", "Id", TraceKey.Header, "\"HeaderMessageId\"", "\"HeaderMessageId\" IS NOT NULL"));

    /// <summary>By the address that mail goes to, and by the one that the sender knows. RFC 3461 section 4.2.</summary>
    public static readonly Statement IndexEntries = Index(
        Key("Recipients", "MessageId", TraceKey.Recipient, "lower(\"Address\")", "TRUE"),
        Key("Recipients", "MessageId", TraceKey.Recipient,
            "lower(replace(replace(substr(\"OriginalRecipient\", 8), '+3D', '='), '+2B', '+'))", "\"OriginalRecipient\" LIKE 'rfc822;%'"));

    public static readonly Statement IndexRejections = Index(
        Key("Rejections", "Id", TraceKey.RefusedSender, "lower(\"MailFrom\")", "\"MailFrom\" <> ''"),
        Key("Rejections", "Id", TraceKey.RefusedHeader, "\"HeaderMessageId\"", "\"HeaderMessageId\" IS NOT NULL"),
        Key("Rejections", "Id", TraceKey.RefusedRecipient, "lower(\"Recipient\")", "\"Recipient\" IS NOT NULL"),
        Key("Rejections", "Id", TraceKey.RefusedClient, "\"ClientAddress\"", "TRUE"));

    public static readonly Statement DeleteTraceKeys = new(
        """
        DELETE FROM "TraceKeys" WHERE ("Bucket", "Key", "MessageId") IN
        (SELECT "Bucket", "Key", "MessageId" FROM "TraceKeys" WHERE "Bucket" < @Before ORDER BY "Bucket", "Key", "MessageId" LIMIT @Count)
        """, "Before", "Count");

    public static readonly Statement DeleteRejections = new(
        """
        DELETE FROM "Rejections" WHERE "Id" IN (SELECT "Id" FROM "Rejections" WHERE "Id" < @Before ORDER BY "Id" LIMIT @Count)
        """, "Before", "Count");

    /// <summary>May be run again for the same ids.</summary>
    static Statement Index(params string[] keys) => new(
        $"""INSERT INTO "TraceKeys" ("Bucket", "Key", "MessageId") {string.Join(" UNION ALL ", keys)} ON CONFLICT DO NOTHING""", "After", "UpTo");

    static string Key(string table, string id, char kind, string text, string where) =>
        $"""SELECT "{id}" >> {BucketBits}, '{kind}' || {text}, "{id}" FROM "{table}" WHERE "{id}" > @After AND "{id}" <= @UpTo AND {where}""";
}
