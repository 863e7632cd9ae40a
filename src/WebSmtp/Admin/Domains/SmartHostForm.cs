using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Admin.Domains;

/// <summary>A smart host as typed. What the form does not show (the password, a private authority) stays as it is.</summary>
/// <param name="Use">Names of kept smart hosts, separated by commas; empty: the host that is given beside it.</param>
public sealed record SmartHostForm(string Use, string Host, string Port, string Tls, string Username, string Password)
{
    public static readonly SmartHostForm New = new("", "", "", "", "", "");

    public static readonly IReadOnlyList<(string, string)> TlsChoices =
    [
        ("", "as is usual"), ("Opportunistic", "where it is offered"), ("Verify", "always, and the certificate must be right"),
        ("Require", "always, with any certificate"), ("Implicit", "from the first byte (port 465)"), ("None", "never"),
    ];

    /// <summary>The kept smart hosts by name, and what is chosen now where that is a list.</summary>
    public IReadOnlyList<(string, string)> UseChoices(IEnumerable<string> names)
    {
        IReadOnlyList<string> all = [.. names.Order(StringComparer.OrdinalIgnoreCase)];
        return [("", "the host given below"), .. all.Union(Use.Length > 0 ? [Use] : [], StringComparer.OrdinalIgnoreCase)
            .Select(name => (name, name.Replace(",", ", then ", StringComparison.Ordinal)))];
    }

    public static SmartHostForm Of(SmartHostRoute? route) => route switch
    {
        { Target: { } target } => new(
            "", target.Host, target.Port.ToString(CultureInfo.InvariantCulture), target.Tls.ToString(), target.Auth.Username ?? "", ""),
        { Use: var names } => New with { Use = string.Join(',', names) },
        null => New,
    };

    public static SmartHostForm Read(IFormCollection form)
    {
        string Text(string name) => form["route.smartHost." + name].ToString().Trim();
        // A password may have blanks at its ends.
        return new(Text("use"), Text("host"), Text("port"), Text("tls"), Text("username"), form["route.smartHost.password"].ToString());
    }

    /// <param name="now">What is changed.</param>
    public Result<SmartHostChoice> ToChoice(SmartHostRoute? now)
    {
        if (Use.Length > 0) return new SmartHostChoice { Use = Use.Split(',') };
        int? port = null;
        if (Port.Length > 0)
        {
            if (!int.TryParse(Port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return Problem.Invalid("route.smartHost.port", $"'{Port}' is not a port; give a number from 1 to 65535.");
            port = number;
        }
        return SmartHostChoice.Inline(
            Host, port, Enum.TryParse<HostTls>(Tls, out var tls) ? tls : null, Username, Password.Length > 0 ? Password : null,
            now?.Target?.CertificateAuthority);
    }
}
