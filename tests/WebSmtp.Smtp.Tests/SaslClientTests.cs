using System.Text;
using WebSmtp.Smtp.Sasl;

namespace WebSmtp.Smtp.Tests;

public class SaslClientTests
{
    [Fact]
    public void Scram_says_what_the_example_of_rfc_7677_says()
    {
        var client = new ScramSha256Client("user", "pencil", "rOprNGfwEbeRWgbNEkqO");
        Assert.Equal("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", Encoding.UTF8.GetString(client.InitialResponse));
        Assert.Equal(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            Respond(client, "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
        Assert.False(client.MayEnd);
        Assert.Equal("", Respond(client, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        Assert.True(client.MayEnd);
        Assert.Null(client.Respond(""));
    }

    [Fact]
    public void Scram_writes_names_so_that_they_end_where_they_should()
    {
        var client = new ScramSha256Client("a,b=c\u00AD\u00A0d", "x", "n");
        Assert.Equal("n,,n=a=2Cb=3Dc d,r=n", Encoding.UTF8.GetString(client.InitialResponse));
    }

    [Fact]
    public void Cram_md5_says_what_the_example_of_rfc_2195_says() => Assert.Equal(
        "tim b913a602c7eda7a495b4e6e7334d3890",
        Respond(new CramMd5Client("tim", "tanstaaftanstaaf"), "<1896.697170952@postoffice.reston.mci.net>"));

    static string Respond(SaslClient client, string challenge) =>
        Encoding.UTF8.GetString(client.Respond(Convert.ToBase64String(Encoding.UTF8.GetBytes(challenge)))!);
}
