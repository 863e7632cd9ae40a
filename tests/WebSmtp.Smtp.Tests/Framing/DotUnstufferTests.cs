using System.Buffers;
using System.Text;
using CsCheck;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Tests.Framing;

public sealed class DotUnstufferTests
{
    static readonly string[] LineEnds = ["\r\n", "\n", "\r", "\r\r\n"];

    /// <summary>Everything that might pass for the end of a message with somebody; one of them is.</summary>
    public static MatrixTheoryData<string, string> Endings => new(LineEnds, LineEnds);

    [Theory, MemberData(nameof(Endings))]
    public void Only_CRLF_dot_CRLF_ends_a_message_and_what_resembles_it_is_not_guessed_at(string before, string after)
    {
        var unstuffer = new DotUnstuffer();
        unstuffer.Feed(Wire($"text{before}.{after}MAIL FROM:<mallory@example.org>\r\n.\r\n"), output: null);
        Assert.Equal(before is "\r\n" && after is "\r\n", unstuffer.IsDone);
        Assert.Equal(!unstuffer.IsDone, unstuffer.IsAmbiguous);
    }

    [Theory, MemberData(nameof(Endings))]
    public void An_ambiguous_end_is_found_with_its_last_octet(string before, string after)
    {
        var unstuffer = new DotUnstuffer();
        unstuffer.Feed(Wire($"text{before}.{after}"), output: null);
        // After CRLF.CR the LF may be on its way.
        Assert.Equal((before, after) is not (("\r\n", "\r\n") or ("\r\n", "\r")), unstuffer.IsAmbiguous);
    }

    [Theory, MemberData(nameof(Endings))]
    public void Repaired_and_in_chunks_nothing_is_ambiguous(string before, string after)
    {
        var wire = Wire($"text{before}.{after}more");
        var repairing = new DotUnstuffer(repair: true);
        var used = repairing.Feed(wire, output: null);
        Assert.Equal(before.EndsWith("\r\n", StringComparison.Ordinal) && after is "\r\n", repairing.IsDone);
        Assert.Equal(repairing.IsDone ? wire.Length - "more".Length : wire.Length, used);
        Assert.False(repairing.IsAmbiguous);

        var chunk = new DotUnstuffer(dots: false);
        Assert.Equal(wire.Length, chunk.Feed(wire, output: null));
        Assert.False(chunk.IsDone || chunk.IsAmbiguous);
    }

    [Theory]
    [InlineData("\n..\n")]
    [InlineData("\n. \n")]
    [InlineData("\n.a\n")]
    [InlineData("\ra.\r")]
    [InlineData("\r\n\0.\r\n")]
    [InlineData("\n\0.\n")]
    public void A_dot_in_company_ends_nothing(string content)
    {
        var unstuffer = new DotUnstuffer();
        var wire = Wire($"text{content}more");
        Assert.Equal(wire.Length, unstuffer.Feed(wire, output: null));
        Assert.False(unstuffer.IsDone || unstuffer.IsAmbiguous);
    }

    /// <summary>Octets that matter, often.</summary>
    static readonly Gen<byte[]> Wires = Gen.Frequency(
        (4, Gen.Const((byte)'a')), (3, Gen.Const((byte)'\r')), (3, Gen.Const((byte)'\n')), (3, Gen.Const((byte)'.')), (1, Gen.Byte)).Array[0, 60];

    [Fact]
    public void The_fast_one_agrees_with_the_slow_one_however_the_wire_is_cut() =>
        Gen.Select(
            Wires,
            Gen.Int[1, 8].Array[1, 20], Gen.Bool, Gen.Bool)
        .Sample((wire, cuts, dots, repair) =>
        {
            var slow = SlowDotUnstuffer.Run(wire, dots, repair);
            var fast = new DotUnstuffer(dots, repair);
            var content = new ArrayBufferWriter<byte>();
            var used = 0;
            for (var i = 0; used < wire.Length && !fast.IsDone && !fast.IsAmbiguous; i++)
                used += fast.Feed(wire.AsSpan(used, Math.Min(cuts[i % cuts.Length], wire.Length - used)), content);
            return content.WrittenSpan.SequenceEqual(slow.Content) && used == slow.Used && fast.IsDone == slow.IsDone
                && fast.IsAmbiguous == slow.IsAmbiguous && fast.BareLineEndings == slow.BareLineEndings && fast.Count == slow.Content.Length;
        }, iter: 20_000, threads: 1);

    [Fact]
    public void What_was_repaired_travels_on_unharmed() =>
        Wires.Sample(wire =>
        {
            var content = new ArrayBufferWriter<byte>();
            var repairing = new DotUnstuffer(repair: true);
            repairing.Feed(wire, content);
            repairing.End(content);

            var onward = new ArrayBufferWriter<byte>();
            var stuffer = new DotStuffer();
            stuffer.Write(content.WrittenSpan, onward);
            stuffer.WriteEnd(onward);

            var (strict, received) = (new DotUnstuffer(), new ArrayBufferWriter<byte>());
            return strict.Feed(onward.WrittenSpan, received) == onward.WrittenCount && strict.IsDone
                && strict.BareLineEndings == 0 && received.WrittenSpan.StartsWith(content.WrittenSpan);
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

    static byte[] Wire(string text) => Encoding.ASCII.GetBytes(text);
}
