using System.Text;
using CsCheck;

namespace WebSmtp.Smtp.Tests;

public sealed class XtextTests
{
    [Fact]
    public void What_was_encoded_is_decoded() =>
        Gen.String[Gen.Char[' ', '~'], 0, 50].Sample(
            text => Xtext.Decode(Encoding.ASCII.GetBytes(Xtext.Encode(text))) == text, iter: 2_000, threads: 1);

    [Fact]
    public void Only_what_may_stand_in_a_command_comes_out_of_the_encoder()
    {
        Assert.Equal("a+2Bb+3Dc+20d", Xtext.Encode("a+b=c d"));
        Assert.Equal("+C3+BC", Xtext.Encode("ü"));
        Assert.Equal("ü", Xtext.Decode("+C3+BC"u8));
    }

    [Theory]
    [InlineData("+")]
    [InlineData("+4")]
    [InlineData("+4g")]
    [InlineData("a=b")]
    [InlineData("a b")]
    [InlineData("+0A")]
    [InlineData("+00")]
    [InlineData("+7F")]
    [InlineData("+FF")]
    public void What_is_not_xtext_is_refused(string text) => Assert.Null(Xtext.Decode(Encoding.ASCII.GetBytes(text)));
}
