using System.IO.Pipelines;

namespace WebSmtp.Mta.Tests.Acceptance;

/// <summary>A connection without a network: what one end writes the other reads.</summary>
sealed class PipePair
{
    readonly Pipe _there = new();
    readonly Pipe _back = new();

    public PipePair()
    {
        Near = new End(_back.Reader, _there.Writer);
        Far = new End(_there.Reader, _back.Writer);
    }

    public IDuplexPipe Near { get; }
    public IDuplexPipe Far { get; }

    public static async Task CloseAsync(IDuplexPipe end)
    {
        await end.Output.CompleteAsync();
        await end.Input.CompleteAsync();
    }

    sealed class End(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;
        public PipeWriter Output => output;
    }
}
