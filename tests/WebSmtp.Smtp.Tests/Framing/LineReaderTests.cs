using System.Buffers;
using System.Text;
using CsCheck;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Tests.Framing;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("", LineResult.NeedMore)]
    [InlineData("NOO", LineResult.NeedMore)]
    [InlineData("NOOP\r", LineResult.NeedMore)]
    [InlineData("NOOP\r\n", LineResult.Line)]
    [InlineData("\r\n", LineResult.Line)]
    [InlineData("NOOP\n", LineResult.BadEnding)]
    [InlineData("\n", LineResult.BadEnding)]
    [InlineData("NO\rOP\r\n", LineResult.BadEnding)]
    [InlineData("NOOP\r\r\n", LineResult.BadEnding)]
    [InlineData("NO\0OP\r\n", LineResult.BadEnding)]
    [InlineData("\u0016", LineResult.Binary)]
    [InlineData("\0", LineResult.Binary)]
    [InlineData("\u007f\r\n", LineResult.Line)]
    [InlineData("12345678\r\n", LineResult.Line)]
    [InlineData("123456789\r\n", LineResult.TooLong)]
    [InlineData("123456789", LineResult.NeedMore)]
    [InlineData("1234567890", LineResult.TooLong)]
    public void What_stands_in_front(string text, object expected)
    {
        var buffer = new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(text));
        Assert.Equal(expected, LineReader.TryRead(ref buffer, 10, out _));
    }

    [Fact]
    public void Lines_come_out_the_same_from_any_segments() =>
        Gen.Select(Gen.Char['a', 'z'].Array[0, 12].Select(c => new string(c)).Array[1, 5], Gen.Int[1, 9].Array[1, 9])
        .Sample((lines, cuts) =>
        {
            var buffer = Segments.Of(Encoding.ASCII.GetBytes(string.Concat(lines.Select(line => line + "\r\n"))), cuts);
            foreach (var line in lines)
            {
                if (LineReader.TryRead(ref buffer, 512, out var read) is not LineResult.Line) return false;
                if (Encoding.ASCII.GetString(read) != line) return false;
            }
            return buffer.IsEmpty;
        }, iter: 2_000, threads: 1);
}

/// <summary>Sequences of many segments, some of them empty.</summary>
sealed class Segments : ReadOnlySequenceSegment<byte>
{
    Segments(ReadOnlyMemory<byte> memory, long runningIndex)
    {
        Memory = memory;
        RunningIndex = runningIndex;
    }

    public static ReadOnlySequence<byte> Of(byte[] octets, int[] cuts)
    {
        var first = new Segments(default, 0);
        var last = first;
        for (var (at, i) = (0, 0); at < octets.Length; i++)
        {
            var length = Math.Min(cuts[i % cuts.Length], octets.Length - at);
            var next = new Segments(octets.AsMemory(at, length), at);
            last.Next = next;
            last = next;
            at += length;
        }
        return new(first, 0, last, last.Memory.Length);
    }
}
