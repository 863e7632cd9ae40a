using System.Text;
using WebSmtp.Smtp.Sasl;

namespace WebSmtp.Smtp.Tests;

/// <summary>Both sides of SCRAM-SHA-256, and the example of RFC 7677 section 3.</summary>
public sealed class ScramServerTests
{
    static readonly ScramKeys Pencil = ScramKeys.Of("pencil", Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);

    [Fact]
    public void The_example_of_the_rfc()
    {
        var server = new ScramSha256Server("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        Assert.Equal("user", server.ReadFirst("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
        Assert.Equal("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", server.Challenge(Pencil));
        const string Final = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        Assert.Equal((true, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), server.ReadFinal(Final, Pencil));
    }

    [Theory]
    [InlineData("pencil", true)]
    [InlineData("pencils", false)]
    public void Our_client_is_believed_when_it_knows_the_password(string password, bool proved)
    {
        var (client, server) = (new ScramSha256Client("a,b=c", password), new ScramSha256Server());
        Assert.Equal("a,b=c", server.ReadFirst(Encoding.UTF8.GetString(client.InitialResponse)));
        var final = client.Respond(Convert.ToBase64String(Encoding.UTF8.GetBytes(server.Challenge(Pencil))))!;
        var result = server.ReadFinal(Encoding.UTF8.GetString(final), Pencil)!.Value;
        Assert.Equal(proved, result.Proved);
        if (proved) Assert.Equal([], client.Respond(Convert.ToBase64String(Encoding.UTF8.GetBytes(result.ServerFinal)))!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("p=tls-unique,,n=user,r=abc")]
    [InlineData("n,a=other,n=user,r=abc")]
    [InlineData("n,,n=user,r=")]
    [InlineData("n,,m=ext,n=user,r=abc")]
    [InlineData("n,,n=us=er,r=abc")]
    public void What_is_no_first_message_is_refused(string message) => Assert.Null(new ScramSha256Server().ReadFirst(message));
}
