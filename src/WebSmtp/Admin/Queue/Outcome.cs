using WebSmtp.Admin.Components;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Admin.Queue;

/// <summary>How an operation ended, where that is soon.</summary>
static class Outcome
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>What was done; what could not be; or where the rest can be followed.</summary>
    /// <param name="could">What the messages could be, or not: <c>frozen</c>.</param>
    /// <param name="anyway">What was done holds, whatever became of the messages.</param>
    /// <param name="chosen">How many messages were chosen, where they were chosen one by one: some may have left meanwhile.</param>
    public static async Task<Note> SayAsync(Operations operations, OperationView started, string done, string could, bool anyway, CancellationToken stop, int chosen = 0) =>
        await operations.WaitAsync(started.Id, Soon, stop) switch
        {
            { HasEnded: false } view => new(Tone.Good, $"{done} {Figures.Count(view.Done)} of {Figures.Count(view.Total, "message")} so far; Operations shows the rest."),
            { State: OperationState.Failed, Reason: { } reason } => new(Tone.Bad, reason),
            { Failed: > 0 } view when anyway =>
                new(Tone.Warning, $"{done} But {Figures.Count(view.Failed)} of {Figures.Count(view.Done + view.Failed, "message")} could not be {could}: {view.Reason}"),
            { Done: 0, Failed: 1 } view => new(Tone.Bad, $"The message could not be {could}: {view.Reason}"),
            { Done: 0, Failed: > 0 } view => new(Tone.Bad, $"None of the {Figures.Count(view.Failed, "message")} could be {could}: {view.Reason}"),
            { Failed: > 0 } view => new(Tone.Warning, $"{Figures.Count(view.Done)} of {Figures.Count(view.Done + view.Failed, "message")} could be {could}, {Figures.Count(view.Failed)} could not: {view.Reason}"),
            { Done: 0 } when chosen > 0 => new(Tone.Bad, $"Nothing was done: {(chosen is 1 ? "the message is" : "all of them are")} gone by now."),
            { Done: var some } when some < chosen => new(Tone.Warning, $"{Figures.Count(some, "message")} {could}; {Figures.Count(chosen - some)} {(chosen - some is 1 ? "is" : "are")} gone by now."),
            _ => new(Tone.Good, done),
        };
}
