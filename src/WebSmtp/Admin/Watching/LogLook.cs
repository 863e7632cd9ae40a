using System.Globalization;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Admin.Watching;

/// <summary>What of the protocol log is looked at, as the address of the page has it.</summary>
public sealed record LogLook(int? Site, string? Address, string? Text, string? Session, bool Errors)
{
    public ProtocolFilter Filter => new(Site, Plain(Address), Plain(Text), Errors, Plain(Session));

    public bool IsFiltered => Site is not null || Plain(Address) is not null || Plain(Text) is not null || Plain(Session) is not null || Errors;

    /// <summary>The same as a file.</summary>
    public string AsText
    {
        get
        {
            var query = new List<string> { "format=text", "limit=1000" };
            if (Site is { } site) query.Add("site=" + site.ToString(CultureInfo.InvariantCulture));
            Add("address", Address);
            Add("text", Text);
            Add("session", Session);
            if (Errors) query.Add("errors=true");
            return "/api/v1/log?" + string.Join('&', query);

            void Add(string name, string? value)
            {
                if (Plain(value) is { } text) query.Add($"{name}={Uri.EscapeDataString(text)}");
            }
        }
    }

    static string? Plain(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
