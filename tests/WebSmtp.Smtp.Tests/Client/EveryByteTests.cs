using WebSmtp.Smtp.Client;
using static WebSmtp.Smtp.Tests.Client.ClientConversation;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>A whole conversation with log-in, cut off by the server before each byte that it says.</summary>
public class EveryByteTests
{
    static readonly (ClientPhase Phase, string Before, string Answer)[] Steps =
    [
        (ClientPhase.Greeting, "", @"220-mx.example ESMTP\r\n220 ready\r\n"),
        (ClientPhase.Hello, "C: EHLO client.example", @"250-mx.example\r\n250-AUTH CRAM-MD5 LOGIN\r\n250 SIZE\r\n"),
        (ClientPhase.Auth, "C: AUTH CRAM-MD5", @"504 5.5.4 no\r\n"),
        (ClientPhase.Auth, "C: AUTH LOGIN", @"334 VXNlcm5hbWU6\r\n"),
        (ClientPhase.Auth, "C: YQ==", @"334 UGFzc3dvcmQ6\r\n"),
        (ClientPhase.Auth, "C: Yg==", @"235 2.7.0 ok\r\n"),
        (ClientPhase.Mail, "C: MAIL FROM:<alice@example.org> SIZE=3", @"250 2.1.0 ok\r\n"),
        (ClientPhase.Rcpt, "C: RCPT TO:<bob@example.net>", @"250-2.1.5 ok\r\n250 2.1.5 so be it\r\n"),
        (ClientPhase.Rcpt, "C: RCPT TO:<carol@example.net>", @"550 5.1.1 no\r\n"),
        (ClientPhase.Data, "C: DATA", @"354 go on\r\n"),
        (ClientPhase.FinalDot, "C.", @"250-2.0.0 I have it\r\n250 2.0.0 taken\r\n"),
    ];

    static readonly ClientSessionOptions LogIn =
        Options with { Credentials = new ClientCredentials.Password("a", "b"), AllowClearPasswords = true };

    public static TheoryData<int, int> Bytes
    {
        get
        {
            var all = new TheoryData<int, int>();
            for (var step = 0; step < Steps.Length; step++)
            {
                for (var octets = 0; octets < Unescaped(Steps[step].Answer).Length; octets++) all.Add(step, octets);
            }
            return all;
        }
    }

    [Fact]
    public async Task Whole_it_delivers()
    {
        await using var talk = new ClientConversation(Script(Steps.Length - 1, int.MaxValue, ""), options: LogIn);
        await talk.OpenedAsync();
        var result = await talk.SendAsync(Message("x\r\n", "bob", "carol"));
        Assert.Null(result.Failure);
        Assert.Equal([250, 550], result.Recipients.Select(r => r.Reply!.Code));
        await talk.Server.PlayedAsync();
    }

    [Theory, MemberData(nameof(Bytes))]
    public Task Closed_before_this_byte_nothing_is_delivered(int step, int octets) => CutAsync(step, octets, "@close");

    [Theory, MemberData(nameof(Bytes))]
    public Task Silent_before_this_byte_the_time_of_the_phase_is_waited_and_nothing_is_delivered(int step, int octets) =>
        CutAsync(step, octets, "@silent");

    static async Task CutAsync(int step, int octets, string end)
    {
        var phase = Steps[step].Phase;
        await using var talk = new ClientConversation(Script(step, octets, end), ReplyCut.Lines, LogIn);
        if (phase <= ClientPhase.Auth)
        {
            var failure = await EndedAsync(talk.OpenAsync());
            Assert.Equal(phase, failure!.Phase);
            Assert.Null(failure.Reply);
            Assert.NotEmpty(failure.Reason);
            await Assert.ThrowsAsync<InvalidOperationException>(() => talk.SendAsync(Message("x\r\n")));
            return;
        }

        await talk.OpenedAsync();
        var result = await EndedAsync(talk.SendAsync(Message("x\r\n", "bob", "carol")));
        Assert.Equal(phase, result.Failure!.Phase);
        Assert.NotEmpty(result.Failure.Reason);
        Assert.Null(result.Recipients[0].Reply);
        Assert.NotEqual(true, result.Recipients[1].Reply?.IsPositive);
        Assert.Same(result.Failure, (await talk.SendAsync(Message("x\r\n"))).Failure);

        async Task<T> EndedAsync<T>(Task<T> work)
        {
            if (end == "@close") return await work;
            await talk.Server.Playing;
            return await talk.TimedOutAsync(work, TimeSpan.FromMinutes(phase switch { ClientPhase.Data => 2, ClientPhase.FinalDot => 10, _ => 5 }),
                Steps.Take(step).Sum(s => Unescaped(s.Answer).Count(c => c == '\n')));
        }
    }

    static string Script(int step, int octets, string end)
    {
        var whole = Unescaped(Steps[step].Answer);
        var cut = Escaped(whole[..Math.Min(octets, whole.Length)]);
        return string.Join('\n', Steps.Take(step).Select(s => $"{s.Before}\nS~: {s.Answer}"))
            + $"\n{Steps[step].Before}\n{(cut.Length > 0 ? $"S~: {cut}\n" : "")}{end}";
    }

    static string Unescaped(string text) => text.Replace(@"\r", "\r", StringComparison.Ordinal).Replace(@"\n", "\n", StringComparison.Ordinal);

    /// <summary>Also the blanks: the script's lines are trimmed.</summary>
    static string Escaped(string text) => text.Replace("\r", @"\r", StringComparison.Ordinal)
        .Replace("\n", @"\n", StringComparison.Ordinal).Replace(" ", @"\x20", StringComparison.Ordinal);
}
