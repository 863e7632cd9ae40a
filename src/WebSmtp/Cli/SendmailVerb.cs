using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace WebSmtp.Cli;

/// <summary>
/// <c>websmtp sendmail …</c>: takes a message on standard input as programs have always handed mail to
/// <c>/usr/sbin/sendmail</c>. Options of the classic that change nothing here are taken and ignored.
/// </summary>
static class SendmailVerb
{
    static readonly Option<int> Site = new("--site") { Description = "The site's id. Default: 1.", HelpName = "site", DefaultValueFactory = _ => 1 };

    static readonly Argument<string[]> Classic = new("options and recipients")
    {
        Description = "-f address (or -r): envelope sender, by default the header's Sender or From. -F name: the sender's name where there is no "
            + "From. -t: recipients are those of To, Cc and Bcc as well. -i (or -oi): a line with a dot alone does not end the message. "
            + "Other options of the classic are taken and ignored. All else is who gets it.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Command Verb()
    {
        var verb = Call.Verb("sendmail", "Send the message on standard input.", SendAsync, Classic, Site);
        verb.Validators.Add(given =>
        {
            if (SendmailArguments.Read(given.GetValue(Classic) ?? []).Problem is { } problem) given.AddError(problem);
        });
        return verb;
    }

    /// <summary>
    /// The arguments with those of the classic set apart, behind a <c>--</c> of our own: letters in front of values are
    /// nothing that other verbs know.
    /// </summary>
    public static string[] Arrange(string[] arguments)
    {
        if (arguments is not ["sendmail", .. var given]) return arguments;
        var (ours, classic) = (new List<string> { "sendmail" }, new List<string>());
        for (var at = 0; at < given.Length; at++)
        {
            if (given[at] is "--")
            {
                classic.AddRange(given[at..]);
                break;
            }
            var isOurs = given[at].StartsWith("--", StringComparison.Ordinal) || given[at] is "-?" or "-h" && given.Length == 1;
            (isOurs ? ours : classic).Add(given[at]);
            if (given[at] is "--site" or "--server" or "--key" && at + 1 < given.Length) ours.Add(given[++at]);
        }
        return [.. ours, "--", .. classic];
    }

    static async Task SendAsync(Call call)
    {
        var arguments = SendmailArguments.Read(call.Value(Classic));
        var query = new StringBuilder().Append(CultureInfo.InvariantCulture, $"sites/{call.Value(Site)}/messages?headerRecipients=")
            .Append(arguments.HeaderRecipients ? "true" : "false");
        if (arguments.Sender is { } sender) query.Append("&mailFrom=").Append(Uri.EscapeDataString(sender));
        foreach (var recipient in arguments.Recipients) query.Append("&rcptTo=").Append(Uri.EscapeDataString(recipient));

        using var message = await ReadAsync(Console.OpenStandardInput(), arguments.IgnoreDots);
        using var content = new StreamContent(await SendmailText.CompleteAsync(call, message, arguments, call.Value(Site)));
        content.Headers.ContentType = new MediaTypeHeaderValue("message/rfc822");
        var answer = await call.SendAsync(HttpMethod.Post, query.ToString(), content);
        // Like the classic, it is silent when all is well.
        if (call.WantsJson) call.Print(answer!.ToJsonString(Output.Indented));
    }

    /// <summary>The message, up to a dot alone on a line unless that is to be ignored.</summary>
    static async Task<MemoryStream> ReadAsync(Stream input, bool ignoreDots)
    {
        var message = new MemoryStream();
        await input.CopyToAsync(message);
        if (!ignoreDots) message.SetLength(LengthBeforeDot(message.GetBuffer().AsSpan(0, (int)message.Length)));
        message.Position = 0;
        return message;
    }

    static int LengthBeforeDot(ReadOnlySpan<byte> text)
    {
        for (var at = 0; at < text.Length;)
        {
            var line = text[at..];
            var end = line.IndexOf((byte)'\n');
            if (end >= 0) line = line[..end];
            if (line.TrimEnd((byte)'\r').SequenceEqual("."u8)) return at;
            if (end < 0) break;
            at += end + 1;
        }
        return text.Length;
    }
}
