using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Security;
using System.Text;
using System.Text.RegularExpressions;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>How a server's bytes are cut up. Every conversation must come out the same under all three.</summary>
public enum ReplyCut { Whole, Lines, Bytes }

/// <summary>
/// A server that plays a script over two pipes in memory, a line for each step:
/// <c>S:</c> a reply line; <c>S~:</c> raw, with escapes (\r \n \0 \xHH); <c>C:</c> the line that must come;
/// <c>C.</c> content up to the final dot; <c>C#: 5</c> five raw bytes; <c>@close</c>, <c>@reset</c>, <c>@silent</c>
/// (neither reads nor speaks any more), <c>@deaf</c> (closes for reading only), <c>@tls</c>, <c>@armed</c> (waits for
/// <see cref="Armed"/>), <c>@answer</c> (takes a line and says what <see cref="Answer"/> makes of it), <c>@drain</c> (waits for <see cref="Drain"/>, then reads up to the final dot and only counts).
/// </summary>
sealed partial class ScriptedServer : IDuplexPipe, IAsyncDisposable
{
    static readonly Encoding Wire = Encoding.Latin1;

    readonly Pipe _toClient, _fromClient;
    readonly ReplyCut _cut;
    readonly SslServerAuthenticationOptions? _tlsOptions;
    readonly StringBuilder _transcript = new();
    readonly CancellationTokenSource _over;
    IDuplexPipe _pipe;
    bool _closed;

    public ScriptedServer(
        string script, CancellationToken stop, ReplyCut cut = ReplyCut.Whole, SslServerAuthenticationOptions? tls = null)
    {
        _over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _cut = cut;
        _tlsOptions = tls;
        // The writer waits until each line or byte was looked at, so that no two are ever seen together first.
        _toClient = new(cut is ReplyCut.Whole ? PipeOptions.Default : new(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        _fromClient = new();
        _pipe = new Side(_fromClient.Reader, _toClient.Writer);
        Playing = Task.Run(() => PlayAsync(script));
    }

    // The client's side.
    PipeReader IDuplexPipe.Input => _toClient.Reader;
    PipeWriter IDuplexPipe.Output => _fromClient.Writer;

    public Task Playing { get; }

    /// <summary>Message contents that came, dot-unstuffed, without the end.</summary>
    public List<byte[]> Contents { get; } = [];

    /// <summary>Bytes that came in <c>C.</c> steps, as they were on the wire.</summary>
    public List<byte[]> RawContents { get; } = [];

    public Func<string, string> Answer { get; set; } = line => "500 " + line;
    public Func<Task> Armed { get; set; } = () => Task.CompletedTask;
    public TaskCompletionSource Drain { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public long Drained { get; private set; }

    /// <summary>The script was played to its end, and the client said nothing that is not in it.</summary>
    public async Task PlayedAsync()
    {
        await Playing;
        if (!_closed && _pipe.Input.TryRead(out var read))
        {
            var text = Wire.GetString(read.Buffer.ToArray());
            _pipe.Input.AdvanceTo(read.Buffer.Start);
            Assert.Fail($"the client said more than the script: {text}\n{_transcript}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        try
        {
            await Playing;
        }
        catch (Exception)
        {
            // Told by PlayedAsync.
        }
        _over.Dispose();
    }

    async Task PlayAsync(string script)
    {
        try
        {
            var steps = script.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            for (var i = 0; i < steps.Length; i++)
            {
                if (!await StepAsync(steps[i], more: i + 1 < steps.Length && steps[i + 1].StartsWith('S'))) return;
            }
        }
        catch (Exception e)
        {
            // The client must not wait for what will not come.
            await _toClient.Writer.CompleteAsync();
            throw new InvalidOperationException($"{e.Message}\nso far:\n{_transcript}", e);
        }
    }

    async Task<bool> StepAsync(string step, bool more)
    {
        switch (step)
        {
            case ['S', ':', ..]:
                await SendAsync(Argument(step) + "\r\n", more);
                break;
            case ['S', '~', ':', ..]:
                await SendAsync(Escapes().Replace(Argument(step), m => m.Value switch
                {
                    "\\r" => "\r",
                    "\\n" => "\n",
                    "\\0" => "\0",
                    _ => ((char)int.Parse(m.Value.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString(),
                }), more);
                break;
            case ['C', ':', ..]:
                var (wanted, got) = (Argument(step) + "\r\n", Wire.GetString(await TakeUntilAsync("\r\n"u8.ToArray())));
                if (got != wanted) throw new InvalidOperationException($"expected «{wanted}», got «{got}»");
                break;
            case "C.":
                await TakeContentAsync();
                break;
            case ['C', '#', ..]:
                Contents.Add(await TakeAsync(int.Parse(Argument(step), CultureInfo.InvariantCulture)));
                break;
            case "@answer":
                await SendAsync(Answer(Wire.GetString(await TakeUntilAsync("\r\n"u8.ToArray())).TrimEnd()) + "\r\n", more);
                break;
            case "@close":
                _closed = true;
                await _toClient.Writer.CompleteAsync();
                await _fromClient.Reader.CompleteAsync();
                return false;
            case "@reset":
                await _toClient.Writer.CompleteAsync(new IOException("connection reset by peer"));
                await _fromClient.Reader.CompleteAsync(new IOException("connection reset by peer"));
                return false;
            case "@deaf":
                _closed = true;
                await _fromClient.Reader.CompleteAsync();
                break;
            case "@silent":
                return false;
            case "@armed":
                await Armed();
                break;
            case "@drain":
                await Drain.Task.WaitAsync(_over.Token);
                await DrainAsync();
                break;
            case "@tls":
                _pipe = await TlsDuplexPipe.AsServerAsync(_pipe, _tlsOptions!, _over.Token);
                break;
            default:
                throw new InvalidOperationException($"no such step: {step}");
        }
        return true;
    }

    async Task SendAsync(string text, bool more)
    {
        _transcript.Append("S: ").Append(text);
        foreach (var part in _cut is ReplyCut.Bytes ? text.Select(c => c.ToString()) : [text])
        {
            Wire.GetBytes(part, _pipe.Output);
            if (_cut is ReplyCut.Whole && more) continue;
            await _pipe.Output.FlushAsync(_over.Token);
        }
    }

    /// <summary>The slow and obvious way: octet by octet, as RFC 5321 section 4.5.2 says.</summary>
    async Task TakeContentAsync()
    {
        var raw = new MemoryStream();
        var content = new MemoryStream();
        while (true)
        {
            var line = await TakeUntilAsync("\r\n"u8.ToArray());
            raw.Write(line);
            if (line is [(byte)'.', (byte)'\r', (byte)'\n']) break;
            content.Write(line[0] == '.' ? line.AsSpan(1) : line);
        }
        Contents.Add(content.ToArray());
        RawContents.Add(raw.ToArray());
        _transcript.AppendLine(CultureInfo.InvariantCulture, $"C: ({content.Length} bytes of content)");
    }

    async Task DrainAsync()
    {
        var last = new byte[5];
        while (!last.AsSpan().SequenceEqual("\r\n.\r\n"u8))
        {
            var read = await _pipe.Input.ReadAsync(_over.Token);
            if (read.IsCompleted && read.Buffer.IsEmpty) throw new InvalidOperationException("the client closed");
            foreach (var part in read.Buffer)
            {
                Drained += part.Length;
                last = [.. last.Concat(part.Length < 5 ? part.ToArray() : part[^5..].ToArray()).TakeLast(5)];
            }
            _pipe.Input.AdvanceTo(read.Buffer.End);
        }
    }

    async Task<byte[]> TakeAsync(int count)
    {
        var read = await _pipe.Input.ReadAtLeastAsync(count, _over.Token);
        if (read.Buffer.Length < count) throw new InvalidOperationException("the client closed inside a chunk");
        var bytes = read.Buffer.Slice(0, count).ToArray();
        _pipe.Input.AdvanceTo(read.Buffer.GetPosition(count));
        return bytes;
    }

    async Task<byte[]> TakeUntilAsync(byte[] end)
    {
        while (true)
        {
            var read = await _pipe.Input.ReadAsync(_over.Token);
            if (Find(read.Buffer, end) is { } taken)
            {
                _pipe.Input.AdvanceTo(read.Buffer.GetPosition(taken.Length));
                if (taken.Length < 2000) _transcript.Append("C: ").Append(Wire.GetString(taken));
                return taken;
            }
            _pipe.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted) throw new InvalidOperationException("the client closed");
        }
    }

    static byte[]? Find(ReadOnlySequence<byte> buffer, byte[] end)
    {
        var reader = new SequenceReader<byte>(buffer);
        return reader.TryReadTo(out ReadOnlySequence<byte> line, end)
            ? [.. line.ToArray(), .. end]
            : null;
    }

    static string Argument(string step) => step[(step.IndexOf(':', StringComparison.Ordinal) + 1)..].TrimStart();

    [GeneratedRegex(@"\\r|\\n|\\0|\\x[0-9A-F]{2}", RegexOptions.None, 1000)]
    private static partial Regex Escapes();

    sealed record Side(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
