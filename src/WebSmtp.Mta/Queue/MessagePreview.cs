using System.Text;
using System.Text.RegularExpressions;
using MimeKit;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Queue;

/// <summary>A header field: decoded and on one line, and as it stands.</summary>
public sealed record PreviewField(string Name, string Value, string Raw);

/// <summary>Something that came with a message.</summary>
/// <param name="Number">To fetch it by.</param>
/// <param name="Size">Of its content as it was sent, still encoded.</param>
public sealed record PreviewAttachment(int Number, string Name, string ContentType, long Size);

/// <summary>What people look at of a message. Everything in it is bounded, and said to be cut where it was.</summary>
public sealed record MessagePreview(
    IReadOnlyList<PreviewField> Fields, string? Text, string? Html, IReadOnlyList<PreviewAttachment> Attachments, bool IsCut, string? Trouble);

/// <summary>An attachment's content, decoded.</summary>
public sealed record AttachmentContent(string Name, byte[] Bytes);

/// <summary>
/// Reads messages for people. What is hostile in them costs a bounded amount: bytes, depth, parts and time are limited,
/// few are read at a time, and none on the thread of whoever asks. Thread-safe.
/// </summary>
public sealed partial class MessagePreviews(QueueOperations queue) : IDisposable
{
    /// <summary>Of the message, and what is shown of it.</summary>
    public const int MaxBytes = 16 * 1024 * 1024, MaxText = 256 * 1024, MaxHtml = 1024 * 1024, MaxSource = 128 * 1024;
    const int MaxDepth = 30, MaxTables = 50, MaxParts = 200, MaxFields = 300, MaxField = 4000, MaxImages = 4 * 1024 * 1024;
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    readonly SemaphoreSlim _places = new(2);

    public void Dispose() => _places.Dispose();

    public Task<Result<MessagePreview>> ReadAsync(MessageId id, string what, Actor actor, CancellationToken stop) =>
        ParseAsync<MessagePreview>(id, what, actor, (message, isCut) => Show(message, isCut), stop);

    public Task<Result<AttachmentContent>> AttachmentAsync(MessageId id, int number, Actor actor, CancellationToken stop) =>
        ParseAsync<AttachmentContent>(id, $"attachment {number}", actor, (message, _) =>
        {
            if (Parts(message).Where(IsAttachment).ElementAtOrDefault(number - 1) is not { } part) return Problem.NotFound("There is no such attachment.");
            using var bytes = new MemoryStream();
            switch (part)
            {
                case MimePart { Content: { } content }: content.DecodeTo(bytes); break;
                case MessagePart { Message: { } inner }: inner.WriteTo(bytes); break;
                default: break;
            }
            return new AttachmentContent(NameOf(part, number), bytes.ToArray());
        }, stop);

    /// <summary>The beginning of the message as it stands, and whether more follows.</summary>
    public async Task<Result<string>> SourceAsync(MessageId id, Actor actor, CancellationToken stop)
    {
        var opened = await queue.OpenContentAsync(id, actor, stop, "source");
        if (opened.Value is not { } stream) return opened.Problem!;
        await using (stream)
        {
            var bytes = new byte[MaxSource];
            var got = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, stop);
            return Encoding.UTF8.GetString(bytes, 0, got);
        }
    }

    async Task<Result<T>> ParseAsync<T>(MessageId id, string what, Actor actor, Func<MimeMessage, bool, Result<T>> use, CancellationToken stop) where T : class
    {
        var opened = await queue.OpenContentAsync(id, actor, stop, what);
        if (opened.Value is not { } stream) return opened.Problem!;
        await using (stream)
        {
            await _places.WaitAsync(stop);
            try
            {
                using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
                late.CancelAfter(Longest);
                return await Task.Run(async () =>
                {
                    // Large contents are files: parts of them are read where they stand.
                    using var memory = new MemoryStream();
                    var isCut = !stream.CanSeek && await CopyAsync(stream, memory, late.Token);
                    memory.Position = 0;
                    var options = new ParserOptions { MaxMimeDepth = MaxDepth, RespectContentLength = false };
                    using var message = await new MimeParser(options, stream.CanSeek ? stream : memory, persistent: true).ParseMessageAsync(late.Token);
                    return use(message, isCut);
                }, late.Token);
            }
            catch (Exception e) when (e is FormatException or IOException or ArgumentException or NotSupportedException || e is OperationCanceledException && !stop.IsCancellationRequested)
            {
                return Problem.Unavailable("The message cannot be taken apart; its source can be looked at, and downloaded.");
            }
            finally
            {
                _places.Release();
            }
        }
    }

    static async Task<bool> CopyAsync(Stream from, MemoryStream to, CancellationToken stop)
    {
        var block = new byte[64 * 1024];
        while (await from.ReadAsync(block, stop) is > 0 and var got)
        {
            to.Write(block, 0, (int)Math.Min(got, MaxBytes - to.Length));
            if (to.Length == MaxBytes) return true;
        }
        return false;
    }

    static MessagePreview Show(MimeMessage message, bool isCut)
    {
        // MimeKit keeps the fields that speak of the content apart; they stood among the others.
        var all = message.Headers.Concat(message.Body?.Headers ?? []).OrderBy(field => field.Offset ?? long.MaxValue).ToList();
        var fields = all.Take(MaxFields).Select(field => new PreviewField(
            field.Field, Cut(Plain(field.Value), MaxField), Cut($"{field.Field}:{Encoding.UTF8.GetString(field.RawValue)}".TrimEnd(), MaxField))).ToList();
        var parts = Parts(message).ToList();
        var shown = parts.OfType<TextPart>().Where(part => !IsAttachment(part)).ToList();
        var text = shown.Find(part => part.IsPlain) is { } plain ? TextOf(plain, MaxText) : null;
        var html = shown.Find(part => part.IsHtml) is { } formatted ? TextOf(formatted, MaxHtml) : null;
        var attachments = parts.Where(IsAttachment).Select((part, i) => new PreviewAttachment(
            i + 1, NameOf(part, i + 1), part.ContentType.MimeType, (part as MimePart)?.Content?.Stream?.Length ?? 0)).ToList();
        isCut |= parts.Count == MaxParts || all.Count > MaxFields || text?.Length == MaxText || html?.Length == MaxHtml;
        if (html is not null && Bearable(html) is var bearable && bearable < html.Length) (html, isCut) = (html[..bearable], true);
        return new(fields, text, html is null ? null : WithImages(Fetching().Replace(html, found => found.Value[1] is '/' ? "</x-" + found.Value[2..] : "<x-" + found.Value[1..]), parts), attachments, isCut, null);
    }

    /// <summary>The parts that hold something, without those of messages that came as attachments; a bounded number.</summary>
    static IEnumerable<MimeEntity> Parts(MimeMessage message)
    {
        var (waiting, seen) = (new Stack<MimeEntity>(), 0);
        if (message.Body is { } body) waiting.Push(body);
        while (waiting.TryPop(out var entity) && seen < MaxParts)
        {
            seen++;
            if (entity is Multipart many)
                foreach (var part in many.Take(MaxParts).Reverse()) waiting.Push(part);
            else yield return entity;
        }
    }

    static bool IsAttachment(MimeEntity part) =>
        part.IsAttachment || part is MessagePart || part is not TextPart { IsPlain: true } and not TextPart { IsHtml: true };

    static string TextOf(TextPart part, int most)
    {
        if (part.Content is null) return "";
        using var decoded = part.Content.Open();
        using var reader = new StreamReader(decoded, EncodingOf(part));
        var text = new char[most];
        return new string(text, 0, reader.ReadBlock(text, 0, most));
    }

    static Encoding EncodingOf(TextPart part)
    {
        try
        {
            return part.ContentType.CharsetEncoding ?? Encoding.UTF8;
        }
        catch (Exception e) when (e is NotSupportedException or ArgumentException)
        {
            return Encoding.Latin1;
        }
    }

    /// <summary>A name for a file, whatever the sender called it.</summary>
    static string NameOf(MimeEntity part, int number)
    {
        var name = part.ContentDisposition?.FileName ?? part.ContentType.Name ?? "";
        name = new string([.. name.Where(c => !char.IsControl(c) && c is not ('/' or '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|') && !IsTurning(c))]).Trim('.', ' ');
        return name.Length > 0 ? Cut(name, 150) : part is MessagePart ? $"message-{number}.eml" : $"part-{number}";
    }

    /// <summary>Marks that turn the direction of writing make a name look like another.</summary>
    static bool IsTurning(char c) => c is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' or '\u200E' or '\u200F';

    static string Plain(string? value) => new([.. (value ?? "").Select(c => char.IsControl(c) ? ' ' : c)]);

    static string Cut(string text, int most) => text.Length <= most ? text : text[..most] + "…";

    /// <summary>How much of it a browser lays out without being busy for minutes: to where tables lie in tables too deep.</summary>
    static int Bearable(string html)
    {
        var depth = 0;
        foreach (var tag in Table().EnumerateMatches(html))
        {
            if (html[tag.Index + 1] is '/') depth = Math.Max(0, depth - 1);
            else if (++depth > MaxTables) return tag.Index;
        }
        return html.Length;
    }

    /// <summary>Elements for which a browser looks up or calls a host before any policy is asked. They become unknown ones.</summary>
    [GeneratedRegex("</?(?:iframe|frame|object|embed|portal|fencedframe|link|meta|base)", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Fetching();

    [GeneratedRegex("</?table", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Table();

    /// <summary>Pictures that came with the message stand in it, since nothing is loaded.</summary>
    static string WithImages(string html, List<MimeEntity> parts)
    {
        var (left, known) = (MaxImages, new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
        foreach (var part in parts.OfType<MimePart>().Where(part => part.ContentId is { Length: > 0 } && part.ContentType.IsMimeType("image", "*")))
        {
            if (part.Content is not { Stream: { } stream } || stream.Length > left || part.ContentType.MediaSubtype is not ("png" or "jpeg" or "gif" or "webp")) continue;
            using var bytes = new MemoryStream();
            part.Content!.DecodeTo(bytes);
            left -= (int)bytes.Length;
            known[part.ContentId!] = $"data:{part.ContentType.MimeType};base64,{Convert.ToBase64String(bytes.GetBuffer(), 0, (int)bytes.Length)}";
        }
        if (known.Count == 0) return html;
        var room = 2L * MaxImages;
        return Picture().Replace(html, found =>
        {
            if (!known.TryGetValue(Uri.UnescapeDataString(found.Value["cid:".Length..]), out var data) || (room -= data.Length) < 0) return found.Value;
            return data;
        });
    }

    [GeneratedRegex("cid:[^\"'\\s<>()]{1,250}", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Picture();
}
