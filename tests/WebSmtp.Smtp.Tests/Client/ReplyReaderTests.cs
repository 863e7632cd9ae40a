using System.Buffers;
using System.Text;
using CsCheck;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Tests.Client;

public class ReplyReaderTests
{
    [Theory]
    [InlineData("250 2.1.5 Recipient ok\r\n", 250, "2.1.5", "Recipient ok")]
    [InlineData("250 ok\r\n", 250, null, "ok")]
    [InlineData("250\r\n", 250, null, "")]
    [InlineData("250 \r\n", 250, null, "")]
    [InlineData("354 go on\r\n", 354, null, "go on")]
    [InlineData("550 5.1.1\r\n", 550, "5.1.1", "")]
    [InlineData("550-5.1.1 no such\r\n550 5.1.1 mailbox\r\n", 550, "5.1.1", "no such|mailbox")]
    [InlineData("550-no such\r\n550 5.1.1 mailbox\r\n", 550, "5.1.1", "no such|mailbox")]
    [InlineData("250-\r\n250\r\n", 250, null, "|")]
    [InlineData("550 2.1.5 contradiction\r\n", 550, null, "2.1.5 contradiction")]
    [InlineData("550 5.1.1.2 not a status\r\n", 550, null, "5.1.1.2 not a status")]
    [InlineData("452  two blanks\r\n", 452, null, " two blanks")]
    [InlineData("250 a\tb\0c\x1b[31md\re\r\n", 250, null, "a bc[31mde")]
    public void A_reply_has_a_code_a_status_and_lines_for_people(string wire, int code, string? status, string lines)
    {
        var (reply, rest) = Read(wire + "2");
        Assert.Equal("2", rest);
        Assert.Equal((code, status), (reply!.Code, reply.Status?.ToString()));
        Assert.Equal(lines.Split('|'), reply.Lines);
    }

    [Fact]
    public void Text_is_utf8_and_what_is_not_is_replaced()
    {
        Assert.Equal("Größe", Read("250 Größe\r\n", Encoding.UTF8).Reply!.Text);
        Assert.Equal("Gr\uFFFD\uFFFDe", Read("250 Größe\r\n", Encoding.Latin1).Reply!.Text);
    }

    [Theory]
    [InlineData("250 ok\n", "bare LF")]
    [InlineData("250-a\r\n250 ok\n", "bare LF")]
    [InlineData("250-a\r\n251 b\r\n", "the code changed inside a reply, from 250 to 251")]
    [InlineData("25 ok\r\n", "not an SMTP reply: 25 ok")]
    [InlineData("\r\n", "not an SMTP reply")]
    [InlineData("150 ok\r\n", "not an SMTP reply: 150 ok")]
    [InlineData("650 ok\r\n", "not an SMTP reply")]
    [InlineData("2500 ok\r\n", "not an SMTP reply")]
    [InlineData("250:ok\r\n", "not an SMTP reply")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n", "not an SMTP reply: HTTP/1.1 400 Bad Request")]
    public void What_is_no_reply_is_said_in_plain_words(string wire, string complaint) =>
        Assert.Contains(complaint, Complaint(wire), StringComparison.Ordinal);

    [Fact]
    public void Lines_and_replies_are_bounded()
    {
        var longest = "250 " + new string('x', ReplyReader.MaxLineBytes - 4);
        Assert.Equal(ReplyReader.MaxLineBytes - 4, Read(longest + "\r\n").Reply!.Text.Length);
        Assert.Equal("a line of the reply is too long", Complaint(longest + "x\r\n"));
        Assert.Equal("a line of the reply is too long", Complaint(longest + "xx"));

        var lines = string.Concat(Enumerable.Repeat("250-x\r\n", ReplyReader.MaxLines - 1));
        Assert.Equal(ReplyReader.MaxLines, Read(lines + "250 x\r\n").Reply!.Lines.Count);
        Assert.Equal("the reply is too long", Complaint(lines + "250-x\r\n250 x\r\n"));

        var fat = string.Concat(Enumerable.Repeat("250-" + new string('x', 2000) + "\r\n", 40));
        Assert.Equal("the reply is too long", Complaint(fat));
    }

    [Fact]
    public void The_next_reply_begins_afresh()
    {
        var reader = new ReplyReader(null);
        var buffer = new ReadOnlySequence<byte>("550-5.1.1 a\r\n550 5.1.1 b\r\n250 ok\r\n"u8.ToArray());
        Assert.Equal(ReplyRead.Whole, reader.TryRead(ref buffer, out var first));
        Assert.Equal(ReplyRead.Whole, reader.TryRead(ref buffer, out var second));
        Assert.Equal(["a", "b"], first!.Lines);
        Assert.Equal(new Reply(250, null, "ok"), second);
        Assert.Equal(ReplyRead.NeedMore, reader.TryRead(ref buffer, out _));
    }

    [Fact]
    public void Bytes_cut_anywhere_give_the_same_reply() =>
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Int[0, 60], Gen.Int[0, 60]).Sample((noise, cut1, cut2) =>
        {
            byte[] wire = [.. "250-2.0.0 "u8, .. noise, .. "\r\n250 2.0.0 ok\r\n"u8];
            Assert.Equal(Outcome([wire]), Outcome(Cut(wire, Math.Min(cut1, wire.Length), Math.Min(cut2, wire.Length))));
        });

    [Fact]
    public void Noise_never_throws() => Gen.Byte.Array[0, 300].Sample(noise => _ = Outcome([noise]));

    /// <summary>Feeds the parts as a pipe would: what was not consumed comes again, with the next part behind it.</summary>
    static string Outcome(byte[][] parts)
    {
        var reader = new ReplyReader(null);
        byte[] rest = [];
        foreach (var part in parts)
        {
            var buffer = new ReadOnlySequence<byte>([.. rest, .. part]);
            switch (reader.TryRead(ref buffer, out var reply))
            {
                case ReplyRead.Whole: return reply!.ToString();
                case ReplyRead.Malformed: return reader.Complaint;
            }
            rest = buffer.ToArray();
        }
        return "more";
    }

    static byte[][] Cut(byte[] wire, int a, int b) =>
        [wire[..Math.Min(a, b)], wire[Math.Min(a, b)..Math.Max(a, b)], wire[Math.Max(a, b)..]];

    static (Reply? Reply, string Left) Read(string wire, Encoding? encoding = null)
    {
        var buffer = new ReadOnlySequence<byte>((encoding ?? Encoding.Latin1).GetBytes(wire));
        var reader = new ReplyReader(null);
        Assert.Equal(ReplyRead.Whole, reader.TryRead(ref buffer, out var reply));
        return (reply, Encoding.Latin1.GetString(buffer.ToArray()));
    }

    static string Complaint(string wire)
    {
        var buffer = new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(wire));
        var reader = new ReplyReader(null);
        Assert.Equal(ReplyRead.Malformed, reader.TryRead(ref buffer, out _));
        return reader.Complaint;
    }
}
