using WebSmtp.Mta.Queue;

namespace WebSmtp.Admin.Queue;

/// <summary>How an operation ended, where that is soon.</summary>
static class Outcome
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>What was done; with what could not be, or where the rest can be followed.</summary>
    public static async Task<string> SayAsync(Operations operations, OperationView started, string done, CancellationToken stop) =>
        await operations.WaitAsync(started.Id, Soon, stop) switch
        {
            { HasEnded: false } view => $"{done} {Figures.Count(view.Done)} of {Figures.Count(view.Total, "message")} so far; Operations shows the rest.",
            { Failed: > 0 } view => $"{done} With {Figures.Count(view.Failed, "message")} that could not be: {view.Reason}",
            { State: OperationState.Failed, Reason: { } reason } => reason,
            _ => done,
        };
}
