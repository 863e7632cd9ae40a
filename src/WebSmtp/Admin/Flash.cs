using System.Buffers.Text;
using System.Text;
using WebSmtp.Admin.Components;

namespace WebSmtp.Admin;

/// <summary>How an act ended, in one sentence; shown once on the page that follows.</summary>
/// <param name="Tone">Good, a warning when only some of it was done, or bad.</param>
public sealed record Note(Tone Tone, string Text);

/// <summary>Carries a note across the redirect that ends every post, so that reloading repeats nothing.</summary>
static class Flash
{
    const string Cookie = "websmtp-note";
    const int MaxLength = 1000;

    public static void Set(HttpContext context, Note note)
    {
        var text = note.Text.Length <= MaxLength ? note.Text : note.Text[..MaxLength];
        var value = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Mark(note.Tone) + text));
        context.Response.Cookies.Append(Cookie, value, new()
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
            IsEssential = true,
            MaxAge = TimeSpan.FromMinutes(1),
        });
    }

    /// <summary>The note that the last post left, or null; it is gone then.</summary>
    public static Note? Take(HttpContext context)
    {
        if (context.Request.Cookies[Cookie] is not { Length: > 0 and < 8 * MaxLength } value || context.Response.HasStarted) return null;
        context.Response.Cookies.Delete(Cookie);
        if (!Base64Url.IsValid(value)) return null;
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(value));
        return text.Length > 1 ? new(text[0] switch { '!' => Tone.Bad, '?' => Tone.Warning, _ => Tone.Good }, text[1..]) : null;
    }

    static string Mark(Tone tone) => tone switch { Tone.Bad => "!", Tone.Warning => "?", _ => " " };
}
