namespace WebSmtp.Smtp.Tests.Server;

public sealed class ConversationTests
{
    public static MatrixTheoryData<string, Cut> Files => new(
        Directory.GetFiles("Conversations", "*.smtp", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
        Environment.GetEnvironmentVariable("UPDATE_TRANSCRIPTS") is "1" ? [Cut.Whole] : Enum.GetValues<Cut>());

    [Theory, MemberData(nameof(Files))]
    public Task The_server_says_what_the_transcript_says(string file, Cut cut) =>
        Conversation.PlayAsync(file, cut, TestContext.Current.CancellationToken);
}
