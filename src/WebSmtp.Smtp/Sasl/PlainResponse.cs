using System.Diagnostics.CodeAnalysis;

namespace WebSmtp.Smtp.Sasl;

/// <summary>The one message of SASL PLAIN: <c>authorization-id NUL user NUL password</c>. RFC 4616 section 2.</summary>
static class PlainResponse
{
    public static bool TryRead(
        string response, [NotNullWhen(true)] out string? authorizationId,
        [NotNullWhen(true)] out string? user, [NotNullWhen(true)] out string? password)
    {
        (authorizationId, user, password) = (null, null, null);
        if (response.Split('\0') is not [var first, { Length: > 0 } second, { Length: > 0 } third]) return false;
        (authorizationId, user, password) = (first, second, third);
        return true;
    }
}
