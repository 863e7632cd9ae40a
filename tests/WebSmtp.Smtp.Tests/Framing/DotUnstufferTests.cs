using System.Buffers;
using System.Text;
using CsCheck;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Tests.Framing;

public sealed class DotUnstufferTests
{
    /// <summary>Everything that might pass for the end of a message with somebody; one of them is.</summary>
    public static TheoryData<string, bool> Endings => new()
    {
        { "\r\n.\r\n", true },
        { "\n.\n", false },
        { "\n.\r\n", false },
        { "\r\n.\n", false },
        { "\r.\r", false },
        { "\r.\r\n", false },
        { "\r.\n", false },
        { "\n.\r", false },
        { "\r\n.\r", false },
        { "\r\r\n.\r\n", false },
        { "\r\n.\r\r\n", false },
        { "\r\n\0.\r\n", false },
    };

    [Theory, MemberData(nameof(Endings))]
    public void Only_CRLF_dot_CRLF_ends_a_message(string ending, bool ends)
    {
        foreach (var repair in new[] { false, true })
        {
            var unstuffer = new DotUnstuffer(repair: repair);
            var wire = Encoding.ASCII.GetBytes($"text{ending}more\r\n");
            var used = unstuffer.Feed(wire, output: null);
            Assert.Equal(ends, unstuffer.IsDone);
            Assert.Equal(ends ? "text".Length + ending.Length : wire.Length, used);
        }
    }

    [Fact]
    public void The_fast_one_agrees_with_the_slow_one_however_the_wire_is_cut() =>
        Gen.Select(
            Gen.Frequency((4, Gen.Const((byte)'a')), (3, Gen.Const((byte)'\r')), (3, Gen.Const((byte)'\n')), (3, Gen.Const((byte)'.')),
                (1, Gen.Byte)).Array[0, 60],
            Gen.Int[1, 8].Array[1, 20], Gen.Bool, Gen.Bool)
        .Sample((wire, cuts, dots, repair) =>
        {
            var slow = SlowDotUnstuffer.Run(wire, dots, repair);
            var fast = new DotUnstuffer(dots, repair);
            var content = new ArrayBufferWriter<byte>();
            var used = 0;
            for (var i = 0; used < wire.Length && !fast.IsDone; i++)
                used += fast.Feed(wire.AsSpan(used, Math.Min(cuts[i % cuts.Length], wire.Length - used)), content);
            return content.WrittenSpan.SequenceEqual(slow.Content) && used == slow.Used && fast.IsDone == slow.IsDone
                && fast.BareLineEndings == slow.BareLineEndings && fast.Count == slow.Content.Length;
        }, iter: 20_000, threads: 1);

    [Fact]
    public void A_chunked_message_that_ends_with_CR_has_a_bare_CR()
    {
        var unstuffer = new DotUnstuffer(dots: false);
        var content = new ArrayBufferWriter<byte>();
        unstuffer.Feed("text\r"u8, content);
        Assert.Equal(0, unstuffer.BareLineEndings);
        unstuffer.End(content);
        Assert.Equal(1, unstuffer.BareLineEndings);
        Assert.Equal("text\r", Encoding.ASCII.GetString(content.WrittenSpan));
    }
}
