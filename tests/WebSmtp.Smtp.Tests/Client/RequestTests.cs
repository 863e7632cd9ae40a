using System.IO.Pipelines;
using System.Text;
using WebSmtp.Smtp.Client;
using static WebSmtp.Smtp.Tests.Client.ClientConversation;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>ETRN, TURN and ATRN from the client's side.</summary>
public class RequestTests
{
    [Fact]
    public async Task Etrn_is_said_for_one_node_after_another_and_each_has_its_reply()
    {
        await using var talk = new ClientConversation(Opening + """
            C: ETRN test.com
            S: 250 2.0.0 queuing started
            C: ETRN @test.com
            S: 458 4.3.0 not now
            C: QUIT
            S: 221 bye
            """);
        await talk.OpenedAsync();
        Assert.Equal(250, (await talk.Session.EtrnAsync("test.com", talk.Stop)).Reply!.Code);
        Assert.Equal(458, (await talk.Session.EtrnAsync("@test.com", talk.Stop)).Reply!.Code);
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Theory]
    [InlineData(null, "TURN")]
    [InlineData("", "ATRN")]
    [InlineData("test.com other.com", "ATRN test.com,other.com")]
    public async Task A_turned_connection_is_handed_over_with_what_came_behind_the_250(string? domains, string command)
    {
        await using var talk = new ClientConversation(Opening + $"C: {command}\nS~: 250 ok\\r\\nEHLO hub.example\\r\\nNO\nC: 220 sink.example");
        await talk.OpenedAsync();
        var (turned, reply, failure) = await talk.Session.TurnAsync(domains?.Split(' ', StringSplitOptions.RemoveEmptyEntries), talk.Stop);
        Assert.Equal((250, null), (reply!.Code, failure));
        var read = await turned!.Input.ReadAtLeastAsync(20, talk.Stop);
        Assert.Equal("EHLO hub.example\r\nNO", Encoding.ASCII.GetString(read.Buffer.FirstSpan));
        await turned.Output.WriteAsync("220 sink.example\r\n"u8.ToArray(), talk.Stop);

        // The client has spoken its last: neither QUIT nor mail can follow.
        await talk.Session.QuitAsync(talk.Stop);
        Assert.NotNull((await talk.SendAsync(Message("x"))).Failure);
        await talk.Server.PlayedAsync();
    }

    [Theory]
    [InlineData("453 4.7.0 You have no mail", false)]
    [InlineData("530 5.7.0 Authentication required", false)]
    [InlineData("354 go on", true)]
    [InlineData("421 4.3.2 closing", true)]
    public async Task A_refused_turn_leaves_the_roles_as_they_are(string reply, bool broken)
    {
        await using var talk = new ClientConversation(Opening + $"C: ATRN\nS: {reply}\n{(broken ? "" : "C: QUIT\nS: 221 bye")}");
        await talk.OpenedAsync();
        var (turned, heard, failure) = await talk.Session.TurnAsync([], talk.Stop);
        Assert.Null(turned);
        Assert.Equal(reply, heard!.ToString());
        Assert.Equal(broken ? ClientPhase.Request : null, failure?.Phase);
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task A_line_end_in_a_node_never_reaches_the_wire()
    {
        await using var talk = new ClientConversation(Opening);
        await talk.OpenedAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => talk.Session.EtrnAsync("a\r\nRSET", talk.Stop).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => talk.Session.TurnAsync(["a\nb"], talk.Stop).AsTask());
        await talk.Server.PlayedAsync();
    }
}
