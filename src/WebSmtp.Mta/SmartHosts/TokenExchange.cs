using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>What came of asking for a token: one to log in with, or one sentence of trouble.</summary>
/// <param name="RefreshToken">A new one in place of the one that was used; null: that one stays.</param>
/// <param name="IsTemporary">The trouble may pass by itself.</param>
sealed record TokenGrant(string? AccessToken, TimeSpan Lifetime, string? RefreshToken, string? Trouble, bool IsTemporary)
{
    public static TokenGrant Failed(string trouble, bool isTemporary) => new(null, default, null, trouble, isTemporary);
}

/// <summary>The request for a token and its answer. RFC 6749 sections 4.4, 5 and 6.</summary>
static class TokenExchange
{
    /// <summary>Where the endpoint does not say how long a token is good for (RFC 6749 section 5.1 only recommends it).</summary>
    static readonly TimeSpan UnknownLifetime = TimeSpan.FromMinutes(10);
    static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(1);
    const int MaxTokenLength = 16_384;
    const int MaxWords = 500;

    /// <summary>Null unless it is an address that a secret may be sent to: https, or http on this machine.</summary>
    public static Uri? ReadAddress(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address is { UserInfo: "", Fragment: "" }
        && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)
            ? address
            : null;

    public static Dictionary<string, string> Form(SmartHostAuth auth, string? clientSecret, string? refreshToken)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = refreshToken is null ? "client_credentials" : "refresh_token",
            ["client_id"] = auth.ClientId ?? "",
        };
        if (clientSecret is not null) form["client_secret"] = clientSecret;
        if (refreshToken is not null) form["refresh_token"] = refreshToken;
        if (auth.Scope is not null) form["scope"] = auth.Scope;
        return form;
    }

    public static TokenGrant Read(TokenAnswer answer, Uri endpoint, IEnumerable<string> secrets)
    {
        var place = $"The token endpoint {endpoint.Host}";
        if (answer.Trouble is { } trouble) return TokenGrant.Failed(trouble, isTemporary: true);
        var members = ReadObject(answer.Body);
        if (answer.Status is (int)HttpStatusCode.OK)
        {
            return members is null ? TokenGrant.Failed($"{place} answered with something that is not JSON; is it the right address?", isTemporary: true)
                : ReadGrant(members, place);
        }
        if (Text(members, "error") is not { } error)
        {
            return TokenGrant.Failed($"{place} answered with HTTP status {answer.Status.ToString(CultureInfo.InvariantCulture)} and no reason{Hint(answer.Status)}",
                isTemporary: true);
        }
        var words = Text(members, "error_description");
        var said = Clean($"{error}{(words is null ? "" : $": {words}")}", secrets);
        var temporary = answer.Status >= 500 || answer.Status is (int)HttpStatusCode.TooManyRequests || error is "temporarily_unavailable" or "server_error";
        return TokenGrant.Failed($"{place} {(temporary ? "cannot give a token now" : "refused")}: {Explain(error, words)}It said: {said}", temporary);
    }

    static TokenGrant ReadGrant(JsonObject members, string place)
    {
        if (Text(members, "access_token") is not { Length: > 0 and <= MaxTokenLength } token || !token.All(IsOfAToken))
            return TokenGrant.Failed($"{place} answered without a token that can be used.", isTemporary: true);
        if (Text(members, "token_type") is { } type && !type.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return TokenGrant.Failed($"{place} gave a token of the type '{Clean(type, [])}'; only Bearer can be used for mail.", isTemporary: false);
        var refresh = Text(members, "refresh_token") is { Length: > 0 and <= MaxTokenLength } rotated && rotated.All(IsOfAToken) ? rotated : null;
        return new(token, Lifetime(members), refresh, null, false);
    }

    static TimeSpan Lifetime(JsonObject members)
    {
        // A number; some providers write it as a text.
        var text = members["expires_in"] is JsonValue value ? value.ToString() : null;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)) return UnknownLifetime;
        return seconds >= LongestLifetime.TotalSeconds ? LongestLifetime : TimeSpan.FromSeconds(seconds);
    }

    /// <summary>RFC 6750 section 2.1, and what providers put beside it. A line end in it would be said to the mail server.</summary>
    static bool IsOfAToken(char c) => c is > ' ' and <= '~';

    static string Explain(string error, string? words)
    {
        // Microsoft's own numbers say more than the error does.
        foreach (var (code, meaning) in new[]
        {
            ("AADSTS7000215", "the client secret is wrong (give its value, not its id)."),
            ("AADSTS7000222", "the client secret has expired; make a new one."),
            ("AADSTS700016", "the application (client id) is not known in that tenant."),
            ("AADSTS90002", "there is no such tenant."),
            ("AADSTS700082", "the refresh token has expired; authorize the application again."),
            ("AADSTS50173", "the refresh token was revoked, mostly by a changed password; authorize the application again."),
        })
        {
            if (words?.Contains(code, StringComparison.Ordinal) is true) return meaning + " ";
        }
        return error switch
        {
            "invalid_client" => "the client id or the client secret is wrong, or the secret has expired. ",
            "invalid_grant" => "the refresh token has expired or was revoked; authorize the application again and give the new one. ",
            "unauthorized_client" => "the application is not allowed to ask for tokens this way. ",
            "invalid_scope" => "the scope is not one that it knows. ",
            "unsupported_grant_type" => "it does not know this kind of grant. ",
            _ => "",
        };
    }

    static string Hint(int status) => status switch
    {
        (int)HttpStatusCode.NotFound or (int)HttpStatusCode.MethodNotAllowed => "; is it the right address?",
        >= 300 and < 400 => ": it points somewhere else; give the final address.",
        _ => ".",
    };

    /// <summary>Somebody else's words for people: on one line, of bounded length, without what is ours to keep.</summary>
    static string Clean(string words, IEnumerable<string> secrets)
    {
        foreach (var secret in secrets.Where(secret => secret.Length > 0)) words = words.Replace(secret, "***", StringComparison.Ordinal);
        var line = string.Concat(words.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return line.Length <= MaxWords ? line : line[..MaxWords] + "...";
    }

    static string? Text(JsonObject? members, string name) =>
        members?[name] is JsonValue value && value.GetValueKind() is JsonValueKind.String ? value.GetValue<string>() : null;

    static JsonObject? ReadObject(string body)
    {
        try
        {
            return JsonNode.Parse(body, null, new() { MaxDepth = 16 }) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
