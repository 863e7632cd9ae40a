using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using WebSmtp.Smtp.Framing;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Smtp.Tests.Server;

/// <summary>
/// Plays a transcript against a server session. <c>C:</c> lines in a row go out as one group, <c>C~:</c> is raw text with
/// escapes and no CRLF added, <c>S:</c> is one line of a reply with <c>*</c> as wildcard, <c>M:</c> the lines of the last
/// message taken. Directives: <c>@site Option=value</c>, <c>@answer KIND reply</c>, <c>@trouble KIND</c>, <c>@sees call</c>,
/// <c>@clock +5m</c>, <c>@tls</c>, <c>@cram user password</c>, <c>@requestclose reply</c>, <c>@hangup</c>, <c>@silent</c>,
/// <c>@closed End</c>. With UPDATE_TRANSCRIPTS=1 the lines of the server, and what the sink
/// saw, are written anew where they differ.
/// </summary>
sealed partial class Conversation : ISessionObserver
{
    static readonly bool Update = Environment.GetEnvironmentVariable("UPDATE_TRANSCRIPTS") is "1";

    readonly MemoryConnection _connection;
    readonly ScriptedSink _sink = new();
    readonly FakeTimeProvider _time = new();
    readonly StringBuilder _soFar = new();
    readonly ArrayBufferWriter<byte> _group = new();
    readonly List<string> _observed = [];
    readonly List<string> _heard = [];
    readonly CancellationToken _stop;
    ServerSessionOptions _options = new() { HostName = "mx.example" };
    IDuplexPipe _client;
    TlsDuplexPipe? _tls;
    ServerSession? _session;
    Task<SessionEnd>? _running;
    ValueTask<ReadResult>? _reading;
    Task _idle = Task.CompletedTask;
    string _lastLine = "";

    Conversation(Cut cut, CancellationToken stop)
    {
        _connection = new(cut);
        _client = _connection.Client;
        _stop = stop;
    }

    public static async Task PlayAsync(string file, Cut cut, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        var conversation = new Conversation(cut, deadline.Token);
        var lines = await File.ReadAllLinesAsync(file, stop);
        if (lines is not [['#', ..], ..]) Assert.Fail($"{file}: the first line says the reason");
        var rewritten = new List<string>();
        try
        {
            foreach (var line in lines) await conversation.PlayLineAsync(line, rewritten);
            await conversation.FinishAsync(rewritten);
        }
        catch (Exception e)
        {
            Assert.Fail($"{file} ({cut})\n{conversation._soFar}\n{e}");
        }
        if (Update && !rewritten.SequenceEqual(lines)) await File.WriteAllLinesAsync(SourceOf(file), rewritten, stop);
    }

    async Task PlayLineAsync(string line, List<string> rewritten)
    {
        if (Update && !line.StartsWith("S:", StringComparison.Ordinal) && !IsClient(line))
        {
            await SendGroupAsync();
            await TakeRestAsync(rewritten);
        }
        if (Update && line.StartsWith("@sees ", StringComparison.Ordinal))
        {
            rewritten.Add("@sees " + (_sink.Seen.TryDequeue(out var seen) ? seen : "NOTHING"));
            return;
        }
        _soFar.AppendLine(line);
        switch (line)
        {
            case "" or ['#', ..]:
                break;
            case ['C', ':', ..]:
                _group.Write(Encoding.UTF8.GetBytes(line.Length > 3 ? line[3..] : ""));
                _group.Write("\r\n"u8);
                break;
            case ['C', '~', ':', ..]:
                _group.Write(Unescape(line[4..]));
                break;
            case ['S', ':', ..]:
                await ExpectAsync(line, rewritten);
                return;
            case ['M', ':', ..]:
                await SendGroupAsync();
                ExpectContent(line.Length > 3 ? line[3..] : "");
                break;
            case ['@', ..]:
                await SendGroupAsync();
                await DirectAsync(line[1..]);
                break;
            default:
                Assert.Fail($"Not a line of a transcript: {line}");
                break;
        }
        rewritten.Add(line);
    }

    static bool IsClient(string line) => line.StartsWith("C:", StringComparison.Ordinal) || line.StartsWith("C~:", StringComparison.Ordinal);

    async Task DirectAsync(string directive)
    {
        var (name, argument) = directive.Split(' ', 2) is [var first, var second] ? (first, second) : (directive, "");
        switch (name)
        {
            case "site":
                Assert.Null(_session);
                foreach (var option in argument.Split(' ')) SetOption(option);
                break;
            case "answer":
                var words = argument.Split(' ', 2);
                _sink.Answer(words[0], ParseReply(words[1]));
                break;
            case "trouble":
                _sink.Answer(argument, null);
                break;
            case "sees":
                Start();
                Assert.True(_sink.Seen.TryDequeue(out var seen), $"The sink was not asked: {argument}");
                Assert.Equal(argument, seen);
                break;
            case "clock":
                Start();
                await Task.WhenAny(_idle, _running!).WaitAsync(_stop);
                _time.Advance(ParseSpan(argument));
                break;
            case "tls":
                Start();
                await EndPendingReadAsync();
                _tls = await TlsDuplexPipe.AsClientAsync(_connection.Client, TestCertificate.Client, _stop);
                _client = _tls;
                break;
            case "cram":
                var account = argument.Split(' ');
                var response = $"{account[0]} {ScriptedSink.CramDigest(account[1], Convert.FromBase64String(_lastLine[4..]))}";
                _group.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(response)) + "\r\n"));
                break;
            case "requestclose":
                _session!.RequestClose(ParseReply(argument));
                break;
            case "hangup":
                await _client.Output.CompleteAsync();
                break;
            case "silent":
                await Task.WhenAny(_idle, _running!).WaitAsync(_stop);
                Assert.Null(await TryReadLineAsync());
                break;
            case "closed":
                Start();
                Assert.Null(await ReadLineAsync());
                Assert.Equal(argument, (await _running!).ToString());
                break;
            default:
                Assert.Fail($"Not a directive: @{directive}");
                break;
        }
    }

    void SetOption(string option)
    {
        var (name, value) = option.Split('=', 2) is [var first, var second] ? (first, second) : (option, "");
        var property = typeof(ServerSessionOptions).GetProperty(name);
        Assert.True(property is not null, $"Not an option: {name}");
        object? converted = property.PropertyType switch
        {
            _ when name is nameof(ServerSessionOptions.TlsOptions) => null,
            { IsEnum: true } type => Enum.Parse(type, value),
            var type when type == typeof(TimeSpan) => ParseSpan(value),
            var type when type == typeof(IReadOnlyList<string>) => value.Split(',', StringSplitOptions.RemoveEmptyEntries),
            var type => Convert.ChangeType(value, type, CultureInfo.InvariantCulture),
        };
        _options = _options with { };
        property.SetValue(_options, converted);
        if (name is nameof(ServerSessionOptions.Tls)) _options = _options with { TlsOptions = TestCertificate.Server };
    }

    void Start()
    {
        if (_running is not null) return;
        _idle = _connection.ServerInput.NextIdle();
        _session = new("1", _connection.Server, new IPEndPoint(IPAddress.Loopback, 40000), new IPEndPoint(IPAddress.Loopback, 25),
            _options, _sink, _time, this);
        _running = RunAsync(_session);

        async Task<SessionEnd> RunAsync(ServerSession session)
        {
            try
            {
                return await session.RunAsync(_stop);
            }
            finally
            {
                await _connection.Server.Input.CompleteAsync();
                await _connection.Server.Output.CompleteAsync();
            }
        }
    }

    async Task SendGroupAsync()
    {
        if (_group.WrittenCount == 0) return;
        if (_running is not null) _idle = _connection.ServerInput.NextIdle();
        await _client.Output.WriteAsync(_group.WrittenMemory.ToArray(), _stop);
        _group.ResetWrittenCount();
        Start();
    }

    async Task ExpectAsync(string line, List<string> rewritten)
    {
        await SendGroupAsync();
        Start();
        var said = await (Update ? TryReadLineAsync() : ReadLineAsync().AsTask());
        var expected = line.Length > 3 ? line[3..] : "";
        if (Update)
        {
            if (said is not null) rewritten.Add(Matches(expected, said) ? line : "S: " + said);
            return;
        }
        Assert.True(said is not null, "The server closed the connection instead");
        Assert.True(Matches(expected, said), $"The server said instead: {said}");
    }

    async Task TakeRestAsync(List<string> rewritten)
    {
        if (_running is null) return;
        await Task.WhenAny(_idle, _running).WaitAsync(_stop);
        while (await TryReadLineAsync() is { } said) rewritten.Add("S: " + said);
    }

    void ExpectContent(string line)
    {
        if (_messageLines.Count == 0)
        {
            var content = Encoding.Latin1.GetString(_sink.Messages[^1]);
            foreach (var part in content.Split("\r\n")) _messageLines.Enqueue(part);
        }
        Assert.Equal(line, _messageLines.Dequeue());
        // What follows the last CRLF.
        if (_messageLines is { Count: 1 } && _messageLines.Peek().Length == 0) _messageLines.Clear();
    }

    readonly Queue<string> _messageLines = [];

    async Task FinishAsync(List<string> rewritten)
    {
        await SendGroupAsync();
        if (Update) await TakeRestAsync(rewritten);
        Assert.Empty(_messageLines);
        if (_tls is not null) await _tls.DisposeAsync();
        await _connection.Client.Output.CompleteAsync();
        await _running!.WaitAsync(_stop);
        if (_tls is null) Assert.Null(await ReadLineAsync());
        Assert.Equal(0, _sink.OpenContents);
        if (_running.Result is not SessionEnd.Bug) Assert.Null(_session!.Fault);
        // The protocol log shows what was said: no reply more, no reply less.
        Assert.Equal(_observed, _heard.Take(_observed.Count));
    }

    async ValueTask<string?> ReadLineAsync() => (await NextLineAsync(wait: true)).Line;

    async Task<string?> TryReadLineAsync() => (await NextLineAsync(wait: false)).Line;

    async ValueTask<(bool Ended, string? Line)> NextLineAsync(bool wait)
    {
        while (true)
        {
            var reading = (_reading ??= _client.Input.ReadAsync(CancellationToken.None).Preserve());
            if (!reading.IsCompleted && !wait) return default;
            var read = await reading.AsTask().WaitAsync(_stop);
            _reading = null;
            var buffer = read.Buffer;
            if (LineReader.TryRead(ref buffer, int.MaxValue, out var line) is LineResult.Line)
            {
                _lastLine = Encoding.UTF8.GetString(line);
                _client.Input.AdvanceTo(buffer.Start);
                _heard.Add(_lastLine);
                return (false, _lastLine);
            }
            _client.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted) return (true, null);
        }
    }

    /// <summary>TLS will read from here on.</summary>
    async Task EndPendingReadAsync()
    {
        if (_reading is not { } pending) return;
        _client.Input.CancelPendingRead();
        _client.Input.AdvanceTo((await pending).Buffer.Start);
        _reading = null;
    }

    void ISessionObserver.ClientSaid(string line) => Assert.DoesNotContain("wonderland", line, StringComparison.Ordinal);

    void ISessionObserver.ServerSaid(string line) => _observed.Add(line);

    static bool Matches(string pattern, string text) => Regex.IsMatch(
        text, "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$", RegexOptions.None, TimeSpan.FromSeconds(5));

    static Reply ParseReply(string text)
    {
        var words = text.Split(' ', 3);
        return new(int.Parse(words[0], CultureInfo.InvariantCulture), EnhancedStatus.FromText(words[1]), words[2]);
    }

    static TimeSpan ParseSpan(string text)
    {
        var number = int.Parse(text.TrimStart('+')[..^1], CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(number),
            's' => TimeSpan.FromSeconds(number),
            _ => throw new FormatException(text),
        };
    }

    /// <summary><c>\r \n \0 \\ \xHH</c>, and <c>{text*count}</c> for long lines.</summary>
    static byte[] Unescape(string text)
    {
        text = Repeated.Replace(text, m => string.Concat(Enumerable.Repeat(m.Groups["text"].Value, int.Parse(m.Groups["count"].Value, CultureInfo.InvariantCulture))));
        var octets = new ArrayBufferWriter<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not '\\')
            {
                octets.Write(Encoding.UTF8.GetBytes(text[i..(i + 1)]));
                continue;
            }
            i++;
            octets.Write<byte>([text[i] switch
            {
                'r' => (byte)'\r',
                'n' => (byte)'\n',
                '0' => 0,
                '\\' => (byte)'\\',
                'x' => byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                var other => throw new FormatException($"Not an escape: \\{other}"),
            }]);
            if (text[i] is 'x') i += 2;
        }
        return octets.WrittenSpan.ToArray();
    }

    [GeneratedRegex(@"\{(?<text>[^{}*]+)\*(?<count>\d+)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Repeated { get; }

    static string SourceOf(string file, [System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(here))!, file);
}
