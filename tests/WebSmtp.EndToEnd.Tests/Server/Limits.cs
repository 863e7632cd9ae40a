namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>
/// Deadlines of tests, in milliseconds. They end what hangs and judge no speed: a machine that others use as well may be
/// ten times slower than it is alone.
/// </summary>
static class Limits
{
    public const int Ordinary = 240_000;

    /// <summary>For what moves much mail, starts many processes, or publishes.</summary>
    public const int Long = 600_000;
}
