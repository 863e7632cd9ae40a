using System.Globalization;
using System.Net;
using WebSmtp.Admin.Settings;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Admin.Simulate;

/// <summary>A message to be thought through, as typed.</summary>
public sealed record SimulationForm(string Client, bool Tls, string Account, string From, string To, string Size)
{
    /// <summary>Recipients that are looked at in one go.</summary>
    const int MostRecipients = 10;

    public static readonly SimulationForm New = new("192.0.2.99", false, "", "sender@example.com", "", "");

    /// <param name="prefix">Of the fields' names.</param>
    public static SimulationForm Read(Func<string, string> field, string prefix) => new(
        field(prefix + "client"), field(prefix + "tls") is "true", field(prefix + "account"), field(prefix + "from"), field(prefix + "to"), field(prefix + "size"));

    /// <summary>One mail for each recipient, or what is wrong with the form itself.</summary>
    public Result<IReadOnlyList<SimulatedMail>> ToMails(string prefix)
    {
        if (!IPAddress.TryParse(Client, out var client)) return Problem.Invalid(prefix + "client", $"'{Client}' is not an IP address; give such as 192.0.2.99.");
        long? size = null;
        if (Size.Length > 0 && (size = UnitText.ReadSize(Size)) is null) return Problem.Invalid(prefix + "size", $"'{Size}' is not a size; give such as 10 MiB.");
        var to = To.Split([' ', ',', ';', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (to.Length is 0 or > MostRecipients) return Problem.Invalid(prefix + "to", $"Give 1 to {MostRecipients.ToString(CultureInfo.InvariantCulture)} recipients.");
        return new([.. to.Select(one => new SimulatedMail(client, Tls, Account.Length > 0 ? Account : null, From is "<>" ? "" : From, one, size))], null);
    }

    /// <summary>Plays all of them; the first that cannot be is the problem, at its field.</summary>
    public async Task<(IReadOnlyList<(SimulatedMail Mail, SimulationOutcome Outcome)> Played, Problem? Problem)> PlayAsync(
        Simulator simulator, int siteId, SimulatedDraft? draft, string prefix, Actor actor, CancellationToken stop)
    {
        var mails = ToMails(prefix);
        if (mails.Value is not { } all) return ([], mails.Problem);
        var played = new List<(SimulatedMail, SimulationOutcome)>();
        foreach (var mail in all)
        {
            var outcome = await simulator.SimulateAsync(siteId, mail, draft, actor, stop);
            if (outcome.Value is not { } said) return ([], AtField(outcome.Problem!, prefix));
            played.Add((mail, said));
        }
        return (played, null);
    }

    static Problem AtField(Problem problem, string prefix) => problem with
    {
        Errors = problem.Errors.ToDictionary(
            error => error.Key switch { "mailFrom" => prefix + "from", "rcptTo" => prefix + "to", "size" => prefix + "size", var other => other },
            error => error.Value, StringComparer.Ordinal),
    };
}
