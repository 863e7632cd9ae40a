using System.Globalization;
using DnsClient;
using DnsClient.Protocol;
using WebSmtp.Mta.Routing;

namespace WebSmtp.Network;

// What a domain publishes, for whoever looks at it.
sealed partial class DnsRouteResolver : IDnsRecords
{
    /// <summary>Texts of one name that are looked at, and their length.</summary>
    const int MaxTexts = 50, MaxText = 4096;

    public async Task<RecordAnswer> FindTextsAsync(string name, CancellationToken stop)
    {
        var answer = await AskAsync(name, QueryType.TXT, stop);
        return new([.. answer.Records.OfType<TxtRecord>().Take(MaxTexts).Select(Join)], Trouble(answer));

        static string Join(TxtRecord record)
        {
            var text = string.Concat(record.Text);
            return text.Length <= MaxText ? text : text[..MaxText];
        }
    }

    public async Task<RecordAnswer> FindMailHostsAsync(string domain, CancellationToken stop)
    {
        var answer = await AskAsync(domain, QueryType.MX, stop);
        return new(
            [.. answer.Records.OfType<MxRecord>().OrderBy(record => record.Preference).Select(record => string.Create(
                CultureInfo.InvariantCulture, $"{record.Preference} {(IsNull(record) ? "." : record.Exchange.Value.TrimEnd('.'))}"))],
            Trouble(answer));
    }

    static string? Trouble(Answer answer) => answer.Failure is RouteFailure.Temporary ? answer.Reason : null;
}
