using System.Buffers;
using System.Reflection;
using System.Text;

namespace WebSmtp.Smtp.Tests;

public sealed class ReplyTests
{
    [Fact]
    public void Every_line_of_a_reply_carries_code_and_status() => Assert.Equal(
        "214-2.0.0 one\r\n214-2.0.0 two\r\n214 2.0.0 three\r\n", Write(new(214, new EnhancedStatus(2, 0, 0), ["one", "two", "three"])));

    [Fact]
    public void A_reply_without_status_has_none() => Assert.Equal("354 go on\r\n", Write(new(354, null, "go on")));

    [Fact]
    public void No_text_forges_a_line() =>
        Assert.Equal("550 5.7.1 no??250 OK ?\r\n", Write(new(550, 5, 7, 1, "no\r\n250 OK ü")));

    [Fact]
    public void A_reply_line_has_at_most_512_octets() =>
        Assert.Equal(512, Write(new(550, 5, 7, 1, new string('x', 1000))).Length);

    [Fact]
    public void Code_and_status_of_the_catalog_agree()
    {
        var replies = typeof(ReplyCatalog).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => field.GetValue(null)).OfType<Reply>().ToList();
        Assert.NotEmpty(replies);
        foreach (var reply in replies)
        {
            if (reply.Status is { } status) Assert.Equal(reply.Code / 100, status.Class);
            else Assert.Equal(354, reply.Code);
            Assert.True(Write(reply).Length <= 512);
        }
    }

    static string Write(Reply reply)
    {
        var output = new ArrayBufferWriter<byte>();
        ReplyWriter.Write(output, reply, observer: null);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
