using System.Text;
using MimeKit;

namespace WebSmtp.Cli;

/// <summary>Makes a message of what programs give to sendmail: a header where there is none, a From where it is missing.</summary>
static class SendmailText
{
    public static async Task<Stream> CompleteAsync(Call call, MemoryStream message, SendmailArguments arguments, int site)
    {
        var text = message.ToArray();
        var (hasHeader, hasFrom) = Look(text);
        if (hasFrom) return new MemoryStream(text);
        var from = arguments.Sender?.Trim('<', '>') is { Length: > 0 } sender ? sender : Environment.UserName;
        if (!from.Contains('@', StringComparison.Ordinal))
            from += "@" + (await call.SendAsync(HttpMethod.Get, $"sites/{site}"))!["defaultDomain"]!.GetValue<string>();
        // What is no address the server refuses, and says so.
        if (!MailboxAddress.TryParse(from, out _)) return new MemoryStream(text);
        var field = $"From: {new MailboxAddress(arguments.FullName ?? "", from).ToString(encode: true)}\n";
        return new MemoryStream([.. Encoding.UTF8.GetBytes(field), .. hasHeader ? ""u8 : "\n"u8, .. text]);
    }

    /// <summary>The first line says whether there is a header: a name and a colon. Nothing at all is one without fields.</summary>
    static (bool HasHeader, bool HasFrom) Look(byte[] text)
    {
        using var lines = new StreamReader(new MemoryStream(text), Encoding.Latin1);
        if (!IsField(lines.ReadLine() is { } first ? first : "", out var name)) return (text is [] or [(byte)'\n', ..] or [(byte)'\r', ..], false);
        do
        {
            if (name.Equals("From", StringComparison.OrdinalIgnoreCase) || name.Equals("Resent-From", StringComparison.OrdinalIgnoreCase)) return (true, true);
            name = lines.ReadLine() is { Length: > 0 } line ? IsField(line, out var next) ? next : "-" : "";
        }
        while (name.Length > 0);
        return (true, false);
    }

    static bool IsField(string line, out string name)
    {
        name = line.Split(':')[0].TrimEnd(' ', '\t');
        return line.Contains(':', StringComparison.Ordinal) && name.Length > 0 && name.All(letter => letter is > ' ' and <= '~');
    }
}
