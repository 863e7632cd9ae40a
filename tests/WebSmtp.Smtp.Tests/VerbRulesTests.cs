using System.Text;

namespace WebSmtp.Smtp.Tests;

public sealed class VerbRulesTests
{
    /// <summary>To be held against RFC 5321 section 4.1.4, RFC 2920 section 3.1, RFC 3207, RFC 4954, RFC 1985 and RFC 2645.</summary>
    const string Table = """
        | verb | allowed | before STARTTLS | before AUTH | after EHLO only | last in group | ODMR |
        | --- | --- | --- | --- | --- | --- | --- |
        | EHLO | Any | yes | yes | | yes | yes |
        | HELO | Any | | yes | | yes | |
        | MAIL | Identified | | where open | | | |
        | RCPT | MailGiven, RcptGiven | | yes | | | |
        | DATA | RcptGiven | | yes | | yes | |
        | BDAT | RcptGiven, Chunking | | yes | | | |
        | RSET | Any | | yes | | | |
        | NOOP | Any | yes | yes | | | yes |
        | QUIT | Any | yes | yes | | | yes |
        | STARTTLS | AfterHello | yes | yes | | yes | yes |
        | AUTH | Identified | | yes | yes | yes | yes |
        | ETRN | Identified | | where open | yes | | |
        | TURN | Identified | | never | | yes | |
        | ATRN | Identified | | never | | yes | yes |
        | VRFY | Any | | where open | | | |
        | HELP | Any | | yes | | | |

        """;

    [Fact]
    public void The_rules_are_what_the_table_says()
    {
        var table = new StringBuilder(string.Join('\n', Table.Split('\n').Take(2)) + "\n");
        foreach (var (verb, rule) in VerbRules.All.OrderBy(rule => rule.Key))
        {
            var before = rule.NeedsAuth ? "never" : rule.BeforeAuth ? "yes" : "where open";
            table.Append($"| {verb.ToString().ToUpperInvariant()} | {rule.Allowed} |{Yes(rule.BeforeTls)}| {before} |");
            table.Append($"{Yes(rule.NeedsEhlo)}|{Yes(rule.LastInGroup)}|{Yes(rule.Odmr)}|\n");
        }
        Assert.Equal(Table, table.ToString());

        static string Yes(bool value) => value ? " yes " : " ";
    }

    [Fact]
    public void Every_verb_in_every_phase_gets_an_answer()
    {
        foreach (var verb in Enum.GetValues<Verb>())
            foreach (var phase in new[] { Phase.Greeted, Phase.Identified, Phase.MailGiven, Phase.RcptGiven, Phase.Chunking, Phase.Spoiled })
            {
                var facts = new SessionFacts(phase, true, false, false, true, false, false, false);
                var refusal = VerbRules.Refuse(verb, facts);
                if (VerbRules.All.TryGetValue(verb, out var rule) && (rule.Allowed & phase) != Phase.None && verb is not Verb.Auth) Assert.Null(refusal);
                else Assert.True(refusal is { Code: 502 or 503 });
            }
    }
}
