using System.Buffers;
using System.Text;
using CsCheck;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Tests.Client;

public class DotStufferTests
{
    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData("a", "a\r\n.\r\n")]
    [InlineData("a\r\n", "a\r\n.\r\n")]
    [InlineData(".", "..\r\n.\r\n")]
    [InlineData(".\r\n", "..\r\n.\r\n")]
    [InlineData("a\r\n.b\r\n..c\r\n", "a\r\n..b\r\n...c\r\n.\r\n")]
    [InlineData("a\r\n.\r\nMAIL", "a\r\n..\r\nMAIL\r\n.\r\n")]
    [InlineData("a.b\r\nc.\r\n", "a.b\r\nc.\r\n.\r\n")]
    [InlineData("a\r", "a\r\r\n.\r\n")]
    [InlineData("a\n", "a\n\r\n.\r\n")]
    [InlineData("a\n.\r\nb", "a\n..\r\nb\r\n.\r\n")]
    [InlineData("a\n.\nb", "a\n..\nb\r\n.\r\n")]
    public void A_dot_that_begins_a_line_is_doubled_and_the_end_is_on_a_line_of_its_own(string content, string wire)
    {
        var bytes = Encoding.Latin1.GetBytes(content);
        for (var size = 1; size <= bytes.Length + 1; size++) Assert.Equal(wire, Encoding.Latin1.GetString(Stuffed(bytes, _ => size)));
    }

    [Fact]
    public void Every_content_in_any_blocks_is_stuffed_as_octet_by_octet() =>
        Gen.Select(Content, Gen.Int[1, 9].Array[1, 6]).Sample((content, sizes) =>
            Assert.Equal(OctetByOctet(content), Stuffed(content, i => sizes[i % sizes.Length])));

    [Fact]
    public void What_a_server_takes_off_gives_the_content_back() =>
        Content.Sample(content =>
        {
            var lines = string.Join("\r\n", Encoding.Latin1.GetString(content).Replace("\r", "", StringComparison.Ordinal).Split('\n'));
            var wire = Encoding.Latin1.GetString(Stuffed(Encoding.Latin1.GetBytes(lines), _ => 7)).Split("\r\n");
            Assert.Equal(["."], wire.Where(line => line == "."));
            Assert.Equal([".", ""], wire[^2..]);
            var taken = string.Concat(wire[..^2].Select(line => (line.StartsWith('.') ? line[1..] : line) + "\r\n"));
            Assert.Equal(lines is "" || lines.EndsWith("\r\n", StringComparison.Ordinal) ? lines : lines + "\r\n", taken);
        });

    static readonly Gen<byte[]> Content = Gen.Int[0, 3].Select(i => "\r\n.a"u8[i]).Array[0, 40];

    static byte[] Stuffed(byte[] content, Func<int, int> sizes)
    {
        var output = new ArrayBufferWriter<byte>();
        var stuffer = new DotStuffer();
        for (int at = 0, i = 0; at < content.Length; i++)
        {
            var size = Math.Min(sizes(i), content.Length - at);
            stuffer.Write(content.AsSpan(at, size), output);
            at += size;
        }
        stuffer.WriteEnd(output);
        return output.WrittenSpan.ToArray();
    }

    static byte[] OctetByOctet(byte[] content)
    {
        var output = new List<byte>();
        var previous = (byte)'\n';
        foreach (var octet in content)
        {
            if (previous == '\n' && octet == '.') output.Add((byte)'.');
            output.Add(octet);
            previous = octet;
        }
        if (output.Count > 0 && output is not [.., (byte)'\r', (byte)'\n']) output.AddRange("\r\n"u8);
        output.AddRange(".\r\n"u8);
        return [.. output];
    }
}
