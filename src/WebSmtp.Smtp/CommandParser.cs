using System.Buffers;
using System.Globalization;
using System.Text;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Smtp;

/// <summary>Reads command lines. The only producer of <see cref="SmtpCommand"/>.</summary>
static class CommandParser
{
    /// <summary>Octets of a command line with its CRLF. RFC 5321 section 4.5.3.1.4.</summary>
    const int MaxLine = 512;

    /// <summary>What the extensions' parameters add comes to less. RFC 1870, 3461, 4954, 6531.</summary>
    const int MaxLineWithParameters = 2048;

    /// <summary>RFC 4954 section 4.3.</summary>
    public const int MaxAuthLine = 12288;

    const int MaxQueueName = 64;

    static readonly SearchValues<byte> QueueNameOctets =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."u8);

    static readonly SmtpCommand.Bare Data = new(Verb.Data), Rset = new(Verb.Rset), Noop = new(Verb.Noop), Quit = new(Verb.Quit),
        StartTls = new(Verb.StartTls), Turn = new(Verb.Turn), Vrfy = new(Verb.Vrfy), Expn = new(Verb.Expn), Help = new(Verb.Help),
        Obsolete = new(Verb.Obsolete), Unknown = new(Verb.Unknown);

    static readonly SmtpCommand.Atrn AtrnAll = new((IReadOnlyList<string>?)null);

    /// <summary>How long the line may be that begins like this.</summary>
    public static int MaxLength(in ReadOnlySequence<byte> line)
    {
        Span<byte> start = stackalloc byte[5];
        var length = (int)Math.Min(start.Length, line.Length);
        line.Slice(0, length).CopyTo(start);
        return Recognize(start[..length], out _) switch
        {
            Verb.Mail or Verb.Rcpt or Verb.Atrn => MaxLineWithParameters,
            Verb.Auth => MaxAuthLine,
            _ => MaxLine,
        };
    }

    /// <summary>Reads one line, without its CRLF. White space at its end is ignored (RFC 5321 section 4.1.1).</summary>
    public static SmtpCommand Parse(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd(" \t"u8);
        return Recognize(line, out var argument) switch
        {
            Verb.Mail => ParseMail(argument),
            Verb.Rcpt => ParseRcpt(argument),
            Verb.Ehlo => ParseHello(argument, extended: true),
            Verb.Helo => ParseHello(argument, extended: false),
            Verb.Bdat => ParseBdat(argument),
            Verb.Auth => ParseAuth(argument),
            Verb.Etrn => ParseEtrn(argument),
            Verb.Atrn => ParseAtrn(argument),
            Verb.Data => Alone(Data, argument),
            Verb.Rset => Alone(Rset, argument),
            Verb.Quit => Alone(Quit, argument),
            Verb.StartTls => Alone(StartTls, argument),
            Verb.Turn => Alone(Turn, argument),
            Verb.Noop => Noop,
            Verb.Help => Help,
            Verb.Expn => Expn,
            Verb.Vrfy => argument.IsEmpty ? new SmtpCommand.Malformed(Verb.Vrfy, ReplyCatalog.VrfySyntax) : Vrfy,
            Verb.Obsolete => Obsolete,
            _ => Unknown,
        };
    }

    /// <summary>A line that a browser or a proxy sends: its next lines could be anything.</summary>
    public static bool LooksLikeHttp(ReadOnlySpan<byte> line) =>
        line.StartsWith("GET "u8) || line.StartsWith("POST "u8) || line.StartsWith("PUT "u8) || line.StartsWith("HEAD "u8)
        || line.StartsWith("CONNECT "u8) || line.StartsWith("OPTIONS "u8) || line.StartsWith("DELETE "u8)
        || line.StartsWith("PATCH "u8) || line.StartsWith("TRACE "u8) || line.StartsWith("PRI * HTTP"u8);

    static Verb Recognize(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> argument)
    {
        var blank = line.IndexOf((byte)' ');
        var word = blank < 0 ? line : line[..blank];
        argument = blank < 0 ? default : line[(blank + 1)..];
        return word.Length switch
        {
            4 => Is(word, "MAIL"u8) ? Verb.Mail
                : Is(word, "RCPT"u8) ? Verb.Rcpt
                : Is(word, "DATA"u8) ? Verb.Data
                : Is(word, "BDAT"u8) ? Verb.Bdat
                : Is(word, "EHLO"u8) ? Verb.Ehlo
                : Is(word, "HELO"u8) ? Verb.Helo
                : Is(word, "RSET"u8) ? Verb.Rset
                : Is(word, "NOOP"u8) ? Verb.Noop
                : Is(word, "QUIT"u8) ? Verb.Quit
                : Is(word, "AUTH"u8) ? Verb.Auth
                : Is(word, "ETRN"u8) ? Verb.Etrn
                : Is(word, "TURN"u8) ? Verb.Turn
                : Is(word, "ATRN"u8) ? Verb.Atrn
                : Is(word, "VRFY"u8) ? Verb.Vrfy
                : Is(word, "EXPN"u8) ? Verb.Expn
                : Is(word, "HELP"u8) ? Verb.Help
                : Is(word, "SEND"u8) || Is(word, "SOML"u8) || Is(word, "SAML"u8) ? Verb.Obsolete
                : Verb.Unknown,
            8 when Is(word, "STARTTLS"u8) => Verb.StartTls,
            _ => Verb.Unknown,
        };
    }

    static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> keyword) => Ascii.EqualsIgnoreCase(word, keyword);

    static SmtpCommand Alone(SmtpCommand command, ReadOnlySpan<byte> argument) =>
        argument.IsEmpty ? command : new SmtpCommand.Malformed(command.Verb, ReplyCatalog.NoArgumentsWanted);

    /// <summary>An IPv4 address without brackets is against RFC 5321 section 4.1.3, and what many a device says.</summary>
    static SmtpCommand ParseHello(ReadOnlySpan<byte> argument, bool extended)
    {
        var text = Encoding.UTF8.GetString(argument);
        return DomainName.TryParse(text, allowUnderscore: true, out var name)
            || AddressLiteral.TryParse(text, out name)
            || (AddressLiteral.TryParse($"[{text}]", out _) && (name = text) is not null)
            ? new SmtpCommand.Hello(name, extended)
            : new SmtpCommand.Malformed(extended ? Verb.Ehlo : Verb.Helo, ReplyCatalog.HelloSyntax);
    }

    static SmtpCommand ParseMail(ReadOnlySpan<byte> argument)
    {
        var complaint = ReadPath(argument, "FROM:"u8, ReplyCatalog.MailSyntax, ReplyCatalog.BadSender,
            out var from, out var international, out var rest);
        var parameters = MailParameters.None;
        complaint ??= ParameterReader.ReadMail(rest, out parameters);
        return complaint is null
            ? new SmtpCommand.Mail(from!, parameters, international)
            : new SmtpCommand.Malformed(Verb.Mail, complaint);
    }

    static SmtpCommand ParseRcpt(ReadOnlySpan<byte> argument)
    {
        var complaint = ReadPath(argument, "TO:"u8, ReplyCatalog.RcptSyntax, ReplyCatalog.BadRecipient,
            out var to, out var international, out var rest);
        if (to is { IsNull: true }) complaint = ReplyCatalog.BadRecipient;
        var parameters = RcptParameters.None;
        complaint ??= ParameterReader.ReadRcpt(rest, out parameters);
        return complaint is null
            ? new SmtpCommand.Rcpt(to!, parameters, international)
            : new SmtpCommand.Malformed(Verb.Rcpt, complaint);
    }

    /// <summary>One blank after the colon is against RFC 5321 section 3.3, sent by old devices, and leaves no doubt.</summary>
    static Reply? ReadPath(
        ReadOnlySpan<byte> argument, ReadOnlySpan<byte> keyword, Reply syntax, Reply badAddress,
        out MailAddress? address, out bool international, out ReadOnlySpan<byte> rest)
    {
        address = null;
        international = false;
        rest = default;
        if (argument.Length < keyword.Length || !Is(argument[..keyword.Length], keyword)) return syntax;
        var path = argument[keyword.Length..];
        if (path is [(byte)' ', .. var afterBlank]) path = afterBlank;
        if (path.IsEmpty) return syntax;
        if (!PathParser.TryRead(path, out address, out international, out var length)) return badAddress;
        rest = path[length..];
        return rest.IsEmpty || rest[0] is (byte)' ' ? null : badAddress;
    }

    static SmtpCommand ParseBdat(ReadOnlySpan<byte> argument)
    {
        var blank = argument.IndexOf((byte)' ');
        var digits = blank < 0 ? argument : argument[..blank];
        var last = blank >= 0 && Is(argument[(blank + 1)..], "LAST"u8);
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && (last || blank < 0)
            ? new SmtpCommand.Bdat(size, last)
            : new SmtpCommand.Malformed(Verb.Bdat, ReplyCatalog.BdatSyntax);
    }

    static SmtpCommand ParseAuth(ReadOnlySpan<byte> argument)
    {
        var blank = argument.IndexOf((byte)' ');
        var mechanism = blank < 0 ? argument : argument[..blank];
        var response = blank < 0 ? default : argument[(blank + 1)..];
        if (mechanism.Length is 0 or > 20 || response.Contains((byte)' ') || !Ascii.IsValid(argument))
            return new SmtpCommand.Malformed(Verb.Auth, ReplyCatalog.AuthSyntax);
        return new SmtpCommand.Auth(
            Encoding.ASCII.GetString(mechanism).ToUpperInvariant(), blank < 0 ? null : Encoding.ASCII.GetString(response));
    }

    static SmtpCommand ParseEtrn(ReadOnlySpan<byte> argument)
    {
        if (argument is [(byte)'#', .. var name])
        {
            return name.Length is > 0 and <= MaxQueueName && !name.ContainsAnyExcept(QueueNameOctets)
                ? new SmtpCommand.Etrn(new(EtrnKind.NamedQueue, Encoding.ASCII.GetString(name)))
                : new SmtpCommand.Malformed(Verb.Etrn, ReplyCatalog.EtrnSyntax);
        }
        var kind = argument is [(byte)'@', ..] ? EtrnKind.Subdomains : EtrnKind.Domain;
        return DomainName.TryParse(Encoding.UTF8.GetString(kind is EtrnKind.Subdomains ? argument[1..] : argument), out var domain)
            ? new SmtpCommand.Etrn(new(kind, domain))
            : new SmtpCommand.Malformed(Verb.Etrn, ReplyCatalog.EtrnSyntax);
    }

    /// <summary>RFC 2645 section 5.2.1: domains separated by commas, without blanks.</summary>
    static SmtpCommand ParseAtrn(ReadOnlySpan<byte> argument)
    {
        if (argument.IsEmpty) return AtrnAll;
        var domains = new List<string>();
        foreach (var range in argument.Split((byte)','))
        {
            if (!DomainName.TryParse(Encoding.UTF8.GetString(argument[range]), out var domain))
                return new SmtpCommand.Malformed(Verb.Atrn, ReplyCatalog.AtrnSyntax);
            if (!domains.Contains(domain, StringComparer.Ordinal)) domains.Add(domain);
        }
        return new SmtpCommand.Atrn(domains);
    }
}
