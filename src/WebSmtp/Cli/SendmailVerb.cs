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
    static readonly Option<string> From = new("-f", "-r") { Description = "Envelope sender. Default: the header's Sender or From.", HelpName = "address" };
    static readonly Option<bool> HeaderRecipients = new("-t") { Description = "Recipients are those of To, Cc and Bcc as well." };
    static readonly Option<bool> IgnoreDots = new("-i", "-oi") { Description = "A line with a dot alone does not end the message." };
    static readonly Option<int> Site = new("--site") { Description = "The site's id. Default: 1.", HelpName = "site", DefaultValueFactory = _ => 1 };
    static readonly Option<string> FullName = new("-F") { Hidden = true };
    static readonly Option<bool> Ignored = new("-bm", "-oem", "-oee", "-oep", "-oeq", "-om", "-odb", "-odq", "-odi") { Hidden = true };
    static readonly Argument<string[]> Recipients = new("recipients") { Description = "Who gets it.", Arity = ArgumentArity.ZeroOrMore };

    public static Command Verb()
    {
        var verb = Call.Verb("sendmail", "Send the message on standard input.", SendAsync,
            Recipients, From, HeaderRecipients, IgnoreDots, Site, FullName, Ignored);
        verb.Validators.Add(given =>
        {
            if (given.GetValue(Recipients) is not { Length: > 0 } && !given.GetValue(HeaderRecipients))
                given.AddError("Give recipients, or -t to read them from the header.");
        });
        return verb;
    }

    static async Task SendAsync(Call call)
    {
        var query = new StringBuilder().Append(CultureInfo.InvariantCulture, $"sites/{call.Value(Site)}/messages?headerRecipients=")
            .Append(call.Value(HeaderRecipients) ? "true" : "false");
        if (call.Has(From)) query.Append("&mailFrom=").Append(Uri.EscapeDataString(call.Value(From)!));
        foreach (var recipient in call.Value(Recipients)) query.Append("&rcptTo=").Append(Uri.EscapeDataString(recipient));

        using var message = await ReadAsync(Console.OpenStandardInput(), call.Value(IgnoreDots));
        using var content = new StreamContent(message);
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
