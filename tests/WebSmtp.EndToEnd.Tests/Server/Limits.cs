namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>Deadlines of tests, in milliseconds. Generous: two busy cores are all there may be.</summary>
static class Limits
{
    public const int Ordinary = 90_000;

    /// <summary>For what moves much mail, starts many processes, or publishes.</summary>
    public const int Long = 240_000;
}
