using System.Collections.Frozen;
using System.Text;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Tests.Delivery;

public sealed class ContentConversionTests
{
    const string EightBit = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nMany greetings, Gr\u00fc\u00dfe\r\n";
    const string Plain = "Subject: x\r\n\r\nplain\r\n";
    const string Binary = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n\u0000\n\r\u00ff";
    const string Signed = "MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"; micalg=pgp-sha256\r\n\r\n" +
        "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\u00fc\u00dfe\r\n" +
        "--b\r\nContent-Type: application/pgp-signature\r\n\r\nsig\r\n--b--\r\n";
    const string RawHeader = "Subject: Gr\u00fc\u00dfe\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nplain\r\n";

    static ServerCapabilities Host(params string[] keywords) =>
        new(keywords.ToFrozenDictionary(keyword => keyword, _ => "", StringComparer.OrdinalIgnoreCase));

    static async Task<(string? Content, BodyType? Body)> FitAsync(string content, BodyType body, ServerCapabilities host)
    {
        var stop = TestContext.Current.CancellationToken;
        using var fitted = await ContentConversion.FitAsync(new MemoryContent(Encoding.Latin1.GetBytes(content)), body, host, stop);
        if (fitted is null) return (null, null);
        await using var stream = await fitted.Content.OpenAsync(stop);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, stop);
        Assert.Equal(fitted.Content.Length, copy.Length);
        return (Encoding.Latin1.GetString(copy.ToArray()), fitted.Body);
    }

    [Fact]
    public async Task What_a_host_takes_is_left_as_it_is()
    {
        Assert.Equal((EightBit, BodyType.EightBitMime), await FitAsync(EightBit, BodyType.EightBitMime, Host("8BITMIME")));
        Assert.Equal((Binary, BodyType.BinaryMime), await FitAsync(Binary, BodyType.BinaryMime, Host("BINARYMIME", "CHUNKING")));
        // Nothing was declared: nothing is done about it.
        Assert.Equal((EightBit, BodyType.SevenBit), await FitAsync(EightBit, BodyType.SevenBit, Host()));
    }

    [Fact]
    public async Task What_was_declared_but_is_not_there_needs_no_conversion()
    {
        Assert.Equal((Plain, BodyType.SevenBit), await FitAsync(Plain, BodyType.EightBitMime, Host()));
        Assert.Equal((Plain, BodyType.SevenBit), await FitAsync(Plain, BodyType.BinaryMime, Host()));
        Assert.Equal((EightBit, BodyType.EightBitMime), await FitAsync(EightBit, BodyType.BinaryMime, Host("8BITMIME")));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\n\u00e4\r\n", 30_000)]
    [InlineData("Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\n\u00e4\n", 30_000)]
    [InlineData("To: ", "a@b,\r\n ", 30_000)]
    [InlineData("Content-Type: text/plain", ";\r\n a*0=b", 30_000)]
    [InlineData("Content-Type: message/rfc822\r\n\r\nTo: ", "a@b,\r\n ", 30_000)]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain", ";\r\n a*0=b", 30_000)]
    [InlineData("", "a: b\r\n", 200_000)]
    public async Task What_would_cost_too_much_to_take_apart_is_not(string before, string again, int times) => Assert.Equal(
        (null, null),
        await FitAsync(before + string.Concat(Enumerable.Repeat(again, times)) + "\r\n\r\nGr\u00fc\u00dfe\r\n", BodyType.BinaryMime, Host()));

    [Theory(Timeout = 60_000)]
    [InlineData("    indented, Gr\u00fc\u00dfe: as in a table\r\n", 20_000)]
    [InlineData("> --quoted: Gr\u00fc\u00dfe\r\n\r\n", 20_000)]
    [InlineData("Note: Gr\u00fc\u00dfe\r\n\r\n", 20_000)]
    [InlineData("without an end, Gr\u00fc\u00dfe ", 20_000)]
    public async Task A_long_text_is_no_such_cost(string again, int times)
    {
        var (content, body) = await FitAsync(
            "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n" + string.Concat(Enumerable.Repeat(again, times)) + "\r\n",
            BodyType.BinaryMime, Host());
        Assert.Equal(BodyType.SevenBit, body);
        Assert.Contains("Gr=FC=DFe", content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Eight_bit_text_becomes_seven_bit()
    {
        var (content, body) = await FitAsync(EightBit, BodyType.EightBitMime, Host());
        Assert.Equal(BodyType.SevenBit, body);
        Assert.True(Ascii.IsValid(content));
        Assert.Contains("quoted-printable", content, StringComparison.Ordinal);
        Assert.Contains("Many greetings, Gr=FC=DFe\r\n", content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8BITMIME")]
    [InlineData("PIPELINING")]
    public async Task Binary_becomes_base64(string keyword)
    {
        var (content, body) = await FitAsync(Binary, BodyType.BinaryMime, Host(keyword));
        Assert.Equal(BodyType.SevenBit, body);
        Assert.Contains("base64", content, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String([0, 10, 13, 255]), content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_message_is_converted_on_disk()
    {
        var large = EightBit + string.Concat(Enumerable.Repeat("some words and \u00fc\r\n", 200_000));
        var stop = TestContext.Current.CancellationToken;
        var fitted = await ContentConversion.FitAsync(new MemoryContent(Encoding.Latin1.GetBytes(large)), BodyType.EightBitMime, Host(), stop);
        var file = Assert.IsType<FileStream>(fitted!.Converted);
        Assert.True(File.Exists(file.Name));
        using (var reader = new StreamReader(await fitted.Content.OpenAsync(stop), Encoding.Latin1)) Assert.True(Ascii.IsValid(await reader.ReadToEndAsync(stop)));
        fitted.Dispose();
        Assert.False(File.Exists(file.Name));
    }

    [Fact]
    public async Task What_is_signed_is_not_touched() =>
        Assert.Equal((null, null), await FitAsync(Signed, BodyType.EightBitMime, Host()));

    [Fact]
    public async Task Raw_octets_in_a_header_become_encoded_words()
    {
        var (content, _) = await FitAsync(RawHeader, BodyType.EightBitMime, Host());
        Assert.True(Ascii.IsValid(content));
        Assert.Contains("Subject: =?", content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a: b\r\n\r\nc\r\n", false, false, false)]
    [InlineData("a: \u00fc\r\n\r\nc\r\n", true, false, true)]
    [InlineData("a: b\r\n\r\n\u00fc\r\n", true, false, false)]
    [InlineData("a\nb\r\n", false, true, false)]
    [InlineData("a\rb\r\n", false, true, false)]
    [InlineData("a\r\r\n", false, true, false)]
    [InlineData("a\r", false, true, false)]
    [InlineData("a\0\r\n", false, true, false)]
    [InlineData("no end", false, false, false)]
    [InlineData("", false, false, false)]
    public async Task A_scan_says_what_a_content_holds(string content, bool eightBit, bool binary, bool header)
    {
        using var stream = new MemoryStream(Encoding.Latin1.GetBytes(content));
        Assert.Equal(new ContentNeeds(eightBit, binary, header, TooMuch: false), await ContentScan.ScanAsync(stream, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(998, false)]
    [InlineData(999, true)]
    public async Task Lines_have_998_octets_at_most(int length, bool binary)
    {
        foreach (var end in new[] { "\r\n", "" })
        {
            using var stream = new MemoryStream(Encoding.Latin1.GetBytes("x\r\n" + new string('x', length) + end));
            Assert.Equal(binary, (await ContentScan.ScanAsync(stream, TestContext.Current.CancellationToken)).Binary);
        }
    }
}
