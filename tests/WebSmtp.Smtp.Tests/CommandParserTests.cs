using System.Buffers;
using System.Text;
using CsCheck;

namespace WebSmtp.Smtp.Tests;

public sealed class CommandParserTests
{
    static readonly string[] Words =
    [
        "EHLO ", "HELO ", "MAIL FROM:", "RCPT TO:", "BDAT ", "AUTH ", "ETRN ", "ATRN ", "VRFY ", "STARTTLS", "DATA", "<", ">", "@", "a", "example",
        ".", ",", " ", "SIZE=", "BODY=", "8BITMIME", "RET=", "ENVID=", "NOTIFY=", "ORCPT=", "rfc822;", "utf-8;", "SMTPUTF8", "+4", "=", "\"", "\\", "[",
        "]", "IPv6:", "::1", "127.0.0.1", "#", "LAST", "9", "ü", "\0", "PLAIN", "*",
    ];

    static Gen<string> Word => Gen.Int[0, Words.Length - 1].Select(i => Words[i]);

    [Fact]
    public void No_line_makes_the_parser_throw() =>
        Word.Array[0, 12].Sample(
            words => CommandParser.Parse(Encoding.UTF8.GetBytes(string.Concat(words))) is not null, iter: 50_000, threads: 1);

    [Fact]
    public void No_octets_make_the_parser_throw() =>
        Gen.Select(Word, Gen.Byte.Array[0, 60]).Sample(
            (word, octets) => CommandParser.Parse([.. Encoding.UTF8.GetBytes(word), .. octets]) is not null, iter: 20_000, threads: 1);

    [Theory]
    [InlineData("MAIL FROM:<a@b>", 2048)]
    [InlineData("rcpt", 2048)]
    [InlineData("ATRN", 2048)]
    [InlineData("AUTH ", 12288)]
    [InlineData("AUT", 512)]
    [InlineData("AUTHX", 512)]
    [InlineData("NOOP", 512)]
    [InlineData("", 512)]
    public void The_verb_decides_how_long_a_line_may_be(string start, int expected)
    {
        Assert.Equal(expected, CommandParser.MaxLength(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(start))));
    }

    [Fact]
    public void A_command_does_not_print_its_secret() =>
        Assert.DoesNotContain("AGFsaWNl", CommandParser.Parse("AUTH PLAIN AGFsaWNl"u8).ToString(), StringComparison.Ordinal);
}
