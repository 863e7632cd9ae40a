using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Smtp;

/// <summary>
/// A raw SMTP client: says exactly what a test wants and keeps the conversation as a transcript, which every failure
/// shows. Waits at most the test's own deadline.
/// </summary>
public sealed class SmtpTalk : IAsyncDisposable
{
    const int ShownLine = 200;

    readonly TcpClient _tcp;
    readonly CancellationToken _stop;
    readonly StringBuilder _transcript = new();
    readonly ITestOutputHelper? _testOutput = TestContext.Current.TestOutputHelper;

    SmtpTalk(TcpClient tcp, CancellationToken stop)
    {
        _tcp = tcp;
        _stop = stop;
        Wire = new(tcp.GetStream());
    }

    /// <summary>What was said so far, <c>C:</c> and <c>S:</c>.</summary>
    public string Transcript => _transcript.ToString();

    internal LineStream Wire { get; private set; }

    /// <param name="from">The client's own address, another loopback one for instance.</param>
    public static async Task<SmtpTalk> ConnectAsync(int port, CancellationToken stop, IPAddress? to = null, IPAddress? from = null)
    {
        to ??= IPAddress.Loopback;
        var tcp = new TcpClient(to.AddressFamily) { NoDelay = true };
        try
        {
            if (from is not null) tcp.Client.Bind(new IPEndPoint(from, 0));
            await tcp.ConnectAsync(to, port, stop);
            return new(tcp, stop);
        }
        catch
        {
            tcp.Dispose();
            throw;
        }
    }

    /// <summary>Plays a conversation: <c>C:</c> lines are said, <c>S:</c> lines are what must come. See <see cref="ExpectAsync"/>.</summary>
    public async Task PlayAsync(string script)
    {
        foreach (var line in script.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line is ['C', ':', .. var said]) await SayAsync(said.TrimStart());
            else if (line is ['S', ':', .. var heard]) await ExpectAsync(heard.TrimStart());
            else throw new ArgumentException($"Neither C: nor S:, but '{line}'.", nameof(script));
        }
    }

    /// <summary>Says a line; CRLF is added.</summary>
    public Task SayAsync(string line) => SayRawAsync(Encoding.UTF8.GetBytes(line + "\r\n"), line);

    /// <summary>Says these octets and no others.</summary>
    public async Task SayRawAsync(ReadOnlyMemory<byte> octets, string? shown = null)
    {
        Note("C", shown ?? Encoding.Latin1.GetString(octets.Span).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal));
        await Wire.Stream.WriteAsync(octets, _stop);
    }

    /// <summary>A whole reply: its lines without line endings.</summary>
    public async Task<IReadOnlyList<string>> HearAsync()
    {
        var lines = new List<string>();
        do lines.Add(await HearLineAsync() ?? throw Failure("another line of the reply", "the end of the connection"));
        while (lines[^1] is [_, _, _, '-', ..]);
        return lines;
    }

    /// <summary>One line; null at the end of the connection.</summary>
    public async Task<string?> HearLineAsync()
    {
        var octets = await Wire.ReadLineAsync(_stop);
        if (octets.IsEmpty)
        {
            Note("S", "(closed)");
            return null;
        }
        var line = Encoding.UTF8.GetString(octets.Span);
        Note("S", line.TrimEnd('\r', '\n'));
        if (!line.EndsWith("\r\n", StringComparison.Ordinal)) throw Failure("a line that ends in CRLF", line);
        return line[..^2];
    }

    /// <summary>
    /// The next reply must be this. A pattern with a hyphen behind the code is compared with one line of it; any other
    /// takes the whole reply and is compared with its last line. <c>*</c> stands for any text.
    /// </summary>
    public async Task<IReadOnlyList<string>> ExpectAsync(string pattern)
    {
        if (pattern is "(closed)")
        {
            await ExpectClosedAsync();
            return [];
        }
        IReadOnlyList<string> lines = pattern is [_, _, _, '-', ..] ? [await HearLineAsync() ?? "(closed)"] : await HearAsync();
        return Wildcard.Matches(pattern, lines[^1]) ? lines : throw Failure(pattern, lines[^1]);
    }

    /// <summary>Nothing may come any more.</summary>
    public async Task ExpectClosedAsync()
    {
        try
        {
            if (await HearLineAsync() is { } line) throw Failure("the end of the connection", line);
        }
        catch (IOException e) when (e.InnerException is SocketException)
        {
            Note("S", "(reset)");
        }
    }

    /// <summary>Greeting and EHLO; returns the keywords of the reply.</summary>
    public async Task<IReadOnlyList<string>> GreetAsync(string name = "client.example")
    {
        await ExpectAsync("220 *");
        return await EhloAsync(name);
    }

    public async Task<IReadOnlyList<string>> EhloAsync(string name = "client.example")
    {
        await SayAsync($"EHLO {name}");
        return [.. (await ExpectAsync("250 *")).Skip(1).Select(line => line[4..])];
    }

    public async Task LogInAsync(MailAccount account)
    {
        await SayRawAsync(Encoding.UTF8.GetBytes($"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{account.Username}\0{account.Password}"))}\r\n"), "AUTH PLAIN *");
        await ExpectAsync("235 *");
    }

    /// <summary>CRAM-MD5. RFC 2195.</summary>
    public async Task LogInWithChallengeAsync(MailAccount account)
    {
        await SayAsync("AUTH CRAM-MD5");
        var challenge = Convert.FromBase64String((await ExpectAsync("334 *"))[0][4..]);
#pragma warning disable CA5351 // RFC 2195 wants MD5.
        var digest = Convert.ToHexStringLower(HMACMD5.HashData(Encoding.UTF8.GetBytes(account.Password), challenge));
#pragma warning restore CA5351
        await SayRawAsync(Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{account.Username} {digest}")) + "\r\n"), "(the digest)");
        await ExpectAsync("235 *");
    }

    /// <summary>STARTTLS and the handshake, any certificate.</summary>
    public async Task StartTlsAsync()
    {
        await SayAsync("STARTTLS");
        await ExpectAsync("220 *");
        await HandshakeAsync();
    }

    /// <summary>The handshake alone, as with TLS from the first byte.</summary>
    public async Task HandshakeAsync()
    {
        Assert.Equal(0, Wire.Buffered);
#pragma warning disable CA5359 // The certificate is the one made at first run.
        var tls = new SslStream(Wire.Stream, false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "hub.example" }, _stop);
        Wire = new(tls);
        Note("-", $"{tls.SslProtocol}");
    }

    /// <summary>One transaction with DATA that must succeed; returns the last reply.</summary>
    /// <param name="content">Dots are stuffed; must be empty or end in CRLF.</param>
    public async Task<string> SendMailAsync(string from, IEnumerable<string> to, byte[] content, string parameters = "")
    {
        await SayAsync($"MAIL FROM:<{from}>{parameters}");
        await ExpectAsync("250 *");
        foreach (var recipient in to)
        {
            await SayAsync($"RCPT TO:<{recipient}>");
            await ExpectAsync("250 *");
        }
        await SayAsync("DATA");
        await ExpectAsync("354 *");
        await SayContentAsync(content);
        return (await ExpectAsync("250 *"))[^1];
    }

    /// <summary>Content and final dot.</summary>
    public Task SayContentAsync(byte[] content) => SayRawAsync(DotStuffing.Stuff(content), $"({content.Length} octets of content, then the dot)");

    public async Task QuitAsync()
    {
        await SayAsync("QUIT");
        await ExpectAsync("221 *");
        await ExpectClosedAsync();
    }

    public ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        try
        {
            _testOutput?.WriteLine($"--- conversation\n{Transcript}");
        }
        catch (InvalidOperationException)
        {
            // The test is over; nobody reads it.
        }
        return default;
    }

    void Note(string who, string said) =>
        _transcript.Append(who).Append(": ").AppendLine(said.Length > ShownLine ? $"{said.AsSpan(0, ShownLine)}… ({said.Length})" : said);

    Exception Failure(string wanted, string came) =>
        new Xunit.Sdk.XunitException($"Wanted: {wanted}\nCame:   {came}\n{Transcript}");
}
