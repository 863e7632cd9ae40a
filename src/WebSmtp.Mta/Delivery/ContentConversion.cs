using System.Text;
using MimeKit;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>A content as one host can take it, and what is declared about it. Disposing drops what conversion made.</summary>
sealed record FittedContent(IOutgoingContent Content, BodyType Body, IDisposable? Converted = null) : IDisposable
{
    public void Dispose() => Converted?.Dispose();
}

/// <summary>
/// Makes a content fit for a host that offers no 8BITMIME or BINARYMIME, by other transfer encodings of its parts
/// (RFC 6152 section 3, RFC 3030 section 3), and only when it really holds such octets. What is signed stays as it is.
/// </summary>
static class ContentConversion
{
    const int LargestInMemory = 1024 * 1024;

    /// <summary>Null: it cannot be converted (5.6.3).</summary>
    public static async ValueTask<FittedContent?> FitAsync(IOutgoingContent content, BodyType body, ServerCapabilities host, CancellationToken stop)
    {
        var asItIs = body switch
        {
            BodyType.SevenBit => true,
            BodyType.EightBitMime => host.EightBitMime,
            BodyType.BinaryMime => host.BinaryMime,
        };
        if (asItIs) return new(content, body);

        var needs = await NeedsAsync(content, stop);
        if (!needs.Binary && (!needs.EightBit || host.EightBitMime))
            return new(content, needs.EightBit ? BodyType.EightBitMime : BodyType.SevenBit);
        return needs.TooMuch ? null : await ConvertAsync(content, host.EightBitMime, stop);
    }

    /// <summary>Does the header hold octets that only SMTPUTF8 allows. RFC 6532 section 3.</summary>
    public static async ValueTask<bool> HasInternationalHeaderAsync(IOutgoingContent content, CancellationToken stop) =>
        (await NeedsAsync(content, stop)).EightBitHeader;

    static async ValueTask<ContentNeeds> NeedsAsync(IOutgoingContent content, CancellationToken stop)
    {
        await using var stream = await content.OpenAsync(stop);
        return await ContentScan.ScanAsync(stream, stop);
    }

    static async ValueTask<FittedContent?> ConvertAsync(IOutgoingContent content, bool eightBit, CancellationToken stop)
    {
        await using var original = await content.OpenAsync(stop);
        using var message = await MimeMessage.LoadAsync(ParserOptions.Default, original, persistent: true, stop);
        EncodeHeaders(message.Headers);
        foreach (var part in message.BodyParts) EncodeHeaders(part.Headers);
        message.Prepare(eightBit ? EncodingConstraint.EightBit : EncodingConstraint.SevenBit);

        var converted = NewBuffer(content.Length);
        try
        {
            var format = FormatOptions.Default.Clone();
            format.NewLineFormat = NewLineFormat.Dos;
            await message.WriteToAsync(format, converted, stop);
            converted.Position = 0;
            // Prepare leaves alone what is signed: then the octets are still there.
            var left = await ContentScan.ScanAsync(converted, stop);
            if (left.Binary || left.EightBit && !eightBit)
            {
                await converted.DisposeAsync();
                return null;
            }
            return new(new ConvertedContent(converted), left.EightBit ? BodyType.EightBitMime : BodyType.SevenBit, converted);
        }
        catch
        {
            await converted.DisposeAsync();
            throw;
        }
    }

    /// <summary>Raw octets above 127 in a header become encoded words. RFC 2047.</summary>
    static void EncodeHeaders(HeaderList headers)
    {
        foreach (var header in headers)
        {
            if (header.RawValue.Any(octet => octet > 127)) header.SetValue(Encoding.UTF8, header.Value);
        }
    }

    static Stream NewBuffer(long size)
    {
        if (size <= LargestInMemory) return new MemoryStream();
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(Path.Combine(Path.GetTempPath(), "websmtp-" + Path.GetRandomFileName()), options);
    }

    /// <summary>Can be sent once.</summary>
    sealed class ConvertedContent(Stream stream) : IOutgoingContent
    {
        public long Length { get; } = stream.Length;

        public ValueTask<Stream> OpenAsync(CancellationToken stop)
        {
            stream.Position = 0;
            return new(stream);
        }
    }
}
