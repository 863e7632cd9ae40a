using System.Globalization;

namespace WebSmtp.Smtp;

/// <summary>
/// Every reply of the server session that does not come from its mail sink. RFC 5321 section 4.2.3, RFC 3463, RFC 5248.
/// No text names a path, a table or a setting.
/// </summary>
static class ReplyCatalog
{
    // Going well
    public static readonly Reply Bye = new(221, 2, 0, 0, "Bye");
    public static readonly Reply ReadyForTls = new(220, 2, 0, 0, "Ready to start TLS");
    public static readonly Reply LoggedIn = new(235, 2, 7, 0, "Authentication succeeded");
    public static readonly Reply Ok = new(250, 2, 0, 0, "OK");
    public static readonly Reply ResetDone = new(250, 2, 0, 0, "Forgotten");
    public static readonly Reply SenderOk = new(250, 2, 1, 0, "Sender OK");
    public static readonly Reply RecipientOk = new(250, 2, 1, 5, "Recipient OK");
    public static readonly Reply CannotVerify = new(252, 2, 5, 2, "Cannot verify, but mail for it may be sent");
    public static readonly Reply SendContent = new(354, null, "End data with <CR><LF>.<CR><LF>");

    // Syntax: the session goes on
    public static readonly Reply UnknownVerb = new(500, 5, 5, 2, "Command not recognized");
    public static readonly Reply NotImplemented = new(502, 5, 5, 1, "Command not implemented");
    public static readonly Reply NoArgumentsWanted = new(501, 5, 5, 4, "This command takes no argument");
    public static readonly Reply HelloSyntax = new(501, 5, 5, 4, "Syntax: EHLO or HELO, and a domain or an address literal");
    public static readonly Reply MailSyntax = new(501, 5, 5, 4, "Syntax: MAIL FROM:<address> [parameters]");
    public static readonly Reply RcptSyntax = new(501, 5, 5, 4, "Syntax: RCPT TO:<address> [parameters]");
    public static readonly Reply BadSender = new(501, 5, 1, 7, "Sender address is malformed");
    public static readonly Reply BadRecipient = new(501, 5, 1, 3, "Recipient address is malformed");
    public static readonly Reply AuthSyntax = new(501, 5, 5, 4, "Syntax: AUTH mechanism [initial-response]");
    public static readonly Reply EtrnSyntax = new(501, 5, 5, 4, "Syntax: ETRN domain, @domain or #name");
    public static readonly Reply AtrnSyntax = new(501, 5, 5, 4, "Syntax: ATRN [domain[,domain]...]");
    public static readonly Reply VrfySyntax = new(501, 5, 5, 4, "Syntax: VRFY name");
    public static readonly Reply BdatSyntax = new(501, 5, 5, 4, "Syntax: BDAT size [LAST]; without the size this cannot go on");
    public static readonly Reply BadParameter = new(501, 5, 5, 4, "Parameter has a bad value");
    public static readonly Reply RepeatedParameter = new(501, 5, 5, 4, "Parameter given twice");
    public static readonly Reply UnknownParameter = new(555, 5, 5, 4, "Parameter not recognized or not implemented");
    public static readonly Reply NeedsSmtpUtf8 = new(553, 5, 6, 7, "Address needs SMTPUTF8");

    // Sequence
    public static readonly Reply HelloFirst = new(503, 5, 5, 1, "Say EHLO or HELO first");
    public static readonly Reply ExtendedHelloFirst = new(503, 5, 5, 1, "Say EHLO first");
    public static readonly Reply MailFirst = new(503, 5, 5, 1, "MAIL first");
    public static readonly Reply NoValidRecipients = new(503, 5, 5, 1, "No valid recipients");
    public static readonly Reply InTransaction = new(503, 5, 5, 1, "Not within a mail transaction");
    public static readonly Reply InChunks = new(503, 5, 5, 1, "Not between chunks");
    public static readonly Reply ChunkFailed = new(503, 5, 5, 1, "A chunk was refused; RSET first");
    public static readonly Reply BinaryNeedsBdat = new(503, 5, 5, 1, "BODY=BINARYMIME needs BDAT");
    public static readonly Reply AlreadyTls = new(503, 5, 5, 1, "TLS is on already");
    public static readonly Reply AlreadyLoggedIn = new(503, 5, 5, 1, "Authenticated already");

    // Security
    public static readonly Reply TlsFirst = new(530, 5, 7, 0, "Say STARTTLS first");
    public static readonly Reply AuthFirst = new(530, 5, 7, 0, "Authentication required");
    public static readonly Reply TlsUnavailable = new(454, 4, 7, 0, "TLS is not available at the moment");
    public static readonly Reply UnknownMechanism = new(504, 5, 5, 4, "Mechanism not implemented");
    public static readonly Reply MechanismNeedsTls = new(538, 5, 7, 11, "Encryption required for this mechanism");
    public static readonly Reply AuthCancelled = new(501, 5, 7, 0, "Authentication cancelled");
    public static readonly Reply BadBase64 = new(501, 5, 5, 2, "Not base64");
    public static readonly Reply BadAuthResponse = new(501, 5, 5, 2, "Response is malformed");
    public static readonly Reply CannotVerifyNow = new(454, 4, 7, 0, "Temporary authentication failure");
    public static readonly Reply NoInitialResponse = new(501, 5, 7, 0, "This mechanism takes no initial response");
    public static readonly Reply AuthLineTooLong = new(500, 5, 5, 6, "Authentication exchange line is too long");

    // Limits
    public static readonly Reply MessageTooBig = new(552, 5, 3, 4, "Message is bigger than this server takes");
    public static readonly Reply TooManyRecipients = new(452, 4, 5, 3, "Too many recipients");
    public static readonly Reply SessionTooBig = new(421, 4, 7, 0, "Too much content in one session, connect again for the rest");
    public static readonly Reply TooManyTransactions = new(421, 4, 7, 0, "Too many messages in one session, connect again for the rest");
    public static readonly Reply TooManyCommands = new(421, 4, 7, 0, "Too many commands without a message");
    public static readonly Reply TooManyErrors = new(421, 4, 7, 0, "Too many errors");
    public static readonly Reply Inactive = new(421, 4, 4, 2, "Waited too long");
    public static readonly Reply LineTooLong = new(500, 5, 5, 2, "Line is too long");

    // Content: the session goes on
    public static readonly Reply TextLineTooLong = new(554, 5, 6, 0, "A line of the message is too long");
    public static readonly Reply BareLineEnding = new(550, 5, 6, 11, "Message holds a bare CR or LF; lines end with CRLF only");

    // Lost framing and attacks: the session ends
    public static readonly Reply AmbiguousEnd = new(550, 5, 6, 11, "End of data is ambiguous; lines end with CRLF only");
    public static readonly Reply BadLineEnding = new(500, 5, 5, 2, "Lines end with CRLF and hold no bare CR, LF or NUL");
    public static readonly Reply TalkedFirst = new(554, 5, 5, 0, "Wait for the greeting");
    public static readonly Reply NotSmtp = new(554, 5, 5, 0, "This is an SMTP server");
    public static readonly Reply InputWaiting = new(554, 5, 5, 0, "Input was sent ahead of the reply");

    // Own trouble
    public static readonly Reply Bug = new(421, 4, 3, 0, "Internal trouble, try again later");

    public static Reply Greeting(string hostName, string banner) => new(220, null, $"{hostName} {banner}");

    public static Reply Challenge(ReadOnlySpan<byte> challenge) => new(334, null, Convert.ToBase64String(challenge));

    public static Reply ChunkTaken(long octets) =>
        new(250, 2, 0, 0, string.Create(CultureInfo.InvariantCulture, $"{octets} octets taken"));

    public static Reply Help(IEnumerable<string> verbs) => new(214, new EnhancedStatus(2, 0, 0),
        ["SMTP server as of RFC 5321. Verbs:", string.Join(' ', verbs), "For help with mail write to postmaster"]);
}
