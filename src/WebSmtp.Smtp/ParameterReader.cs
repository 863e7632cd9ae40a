using System.Globalization;
using System.Text;

namespace WebSmtp.Smtp;

/// <summary>Reads what may follow the path of MAIL and RCPT. RFC 5321 section 4.1.2 (esmtp-param) and the extensions' own RFCs.</summary>
static class ParameterReader
{
    const int MaxSizeDigits = 20;
    const int MaxEnvelopeId = 100;
    const int MaxOriginalRecipient = 500;

    [Flags]
    enum Seen { None = 0, Size = 1, Body = 2, SmtpUtf8 = 4, Return = 8, EnvelopeId = 16, Auth = 32, Notify = 64, OriginalRecipient = 128 }

    /// <summary>Null when the parameters are all right. RFC 1870, 6152, 3030, 6531, 3461, 4954.</summary>
    public static Reply? ReadMail(ReadOnlySpan<byte> text, out MailParameters parameters)
    {
        parameters = MailParameters.None;
        if (text.IsEmpty) return null;
        var seen = Seen.None;
        foreach (var range in text.Split((byte)' '))
        {
            if (text[range].IsEmpty) continue;
            var keyword = Halve(text[range], out var value, out var hasValue);
            MailParameters? read;
            Seen kind;
            if (Is(keyword, "SIZE"u8)) (kind, read) = (Seen.Size, Size(value, parameters));
            else if (Is(keyword, "BODY"u8)) (kind, read) = (Seen.Body, Body(value, parameters));
            else if (Is(keyword, "SMTPUTF8"u8)) (kind, read) = (Seen.SmtpUtf8, hasValue ? null : parameters with { SmtpUtf8 = true });
            else if (Is(keyword, "RET"u8)) (kind, read) = (Seen.Return, Return(value, parameters));
            else if (Is(keyword, "ENVID"u8)) (kind, read) = (Seen.EnvelopeId, EnvelopeId(value, parameters));
            else if (Is(keyword, "AUTH"u8)) (kind, read) = (Seen.Auth, AuthIdentity(value, parameters));
            else return ReplyCatalog.UnknownParameter;

            if (seen.HasFlag(kind)) return ReplyCatalog.RepeatedParameter;
            if (read is null) return ReplyCatalog.BadParameter;
            seen |= kind;
            parameters = read;
        }
        return null;
    }

    /// <summary>Null when the parameters are all right. RFC 3461 sections 4.1 and 4.2.</summary>
    public static Reply? ReadRcpt(ReadOnlySpan<byte> text, out RcptParameters parameters)
    {
        parameters = RcptParameters.None;
        if (text.IsEmpty) return null;
        var seen = Seen.None;
        foreach (var range in text.Split((byte)' '))
        {
            if (text[range].IsEmpty) continue;
            var keyword = Halve(text[range], out var value, out _);
            RcptParameters? read;
            Seen kind;
            if (Is(keyword, "NOTIFY"u8)) (kind, read) = (Seen.Notify, Notify(value, parameters));
            else if (Is(keyword, "ORCPT"u8)) (kind, read) = (Seen.OriginalRecipient, OriginalRecipient(value, parameters));
            else return ReplyCatalog.UnknownParameter;

            if (seen.HasFlag(kind)) return ReplyCatalog.RepeatedParameter;
            if (read is null) return ReplyCatalog.BadParameter;
            seen |= kind;
            parameters = read;
        }
        return null;
    }

    static ReadOnlySpan<byte> Halve(ReadOnlySpan<byte> parameter, out ReadOnlySpan<byte> value, out bool hasValue)
    {
        var equals = parameter.IndexOf((byte)'=');
        hasValue = equals >= 0;
        value = hasValue ? parameter[(equals + 1)..] : default;
        return hasValue ? parameter[..equals] : parameter;
    }

    static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> keyword) => Ascii.EqualsIgnoreCase(word, keyword);

    static MailParameters? Size(ReadOnlySpan<byte> value, MailParameters parameters)
    {
        if (value.Length is 0 or > MaxSizeDigits || value.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return null;
        // Twenty digits may be more than a long holds; as large as can be is large enough to be refused.
        var size = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : long.MaxValue;
        return parameters with { Size = size };
    }

    static MailParameters? Body(ReadOnlySpan<byte> value, MailParameters parameters) =>
        Is(value, "7BIT"u8) ? parameters with { Body = BodyType.SevenBit }
        : Is(value, "8BITMIME"u8) ? parameters with { Body = BodyType.EightBitMime }
        : Is(value, "BINARYMIME"u8) ? parameters with { Body = BodyType.BinaryMime }
        : null;

    static MailParameters? Return(ReadOnlySpan<byte> value, MailParameters parameters) =>
        Is(value, "FULL"u8) ? parameters with { Return = DsnReturn.Full }
        : Is(value, "HDRS"u8) ? parameters with { Return = DsnReturn.Headers }
        : null;

    static MailParameters? EnvelopeId(ReadOnlySpan<byte> value, MailParameters parameters) =>
        value.Length is > 0 and <= MaxEnvelopeId && Xtext.Decode(value) is { } id && Ascii.IsValid(id)
            ? parameters with { EnvelopeId = id }
            : null;

    static MailParameters? AuthIdentity(ReadOnlySpan<byte> value, MailParameters parameters) =>
        value.Length > 0 && Xtext.Decode(value) is { } identity ? parameters with { AuthIdentity = identity } : null;

    static RcptParameters? Notify(ReadOnlySpan<byte> value, RcptParameters parameters)
    {
        if (Is(value, "NEVER"u8)) return parameters with { Notify = DsnNotify.Never };
        var notify = DsnNotify.Unspecified;
        foreach (var range in value.Split((byte)','))
        {
            var word = value[range];
            var one = Is(word, "SUCCESS"u8) ? DsnNotify.Success
                : Is(word, "FAILURE"u8) ? DsnNotify.Failure
                : Is(word, "DELAY"u8) ? DsnNotify.Delay
                : DsnNotify.Unspecified;
            if (one is DsnNotify.Unspecified) return null;
            notify |= one;
        }
        return parameters with { Notify = notify };
    }

    /// <summary>RFC 6533 section 3 lets an address of type utf-8 stand as it is.</summary>
    static RcptParameters? OriginalRecipient(ReadOnlySpan<byte> value, RcptParameters parameters)
    {
        var semicolon = value.IndexOf((byte)';');
        if (semicolon < 1 || value.Length > MaxOriginalRecipient) return null;
        var type = Encoding.UTF8.GetString(value[..semicolon]);
        var address = value[(semicolon + 1)..];
        if (!type.All(c => char.IsAsciiLetterOrDigit(c) || c is '-') || address.IsEmpty) return null;
        if (Ascii.IsValid(address))
        {
            if (Xtext.Decode(address) is null) return null;
        }
        else if (!type.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || Encoding.UTF8.GetString(address).Contains('\uFFFD'))
        {
            return null;
        }
        return parameters with { OriginalRecipient = Encoding.UTF8.GetString(value) };
    }
}
