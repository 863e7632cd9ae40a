using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Programs;

/// <summary>A program of this machine as a child process, its output kept. Disposing kills what is left of it.</summary>
public sealed class RunningProgram : IAsyncDisposable
{
    readonly Process _process;
    readonly Task _pumps;

    RunningProgram(Process process)
    {
        _process = process;
        _pumps = Task.WhenAll(PumpAsync(process.StandardOutput, Out), PumpAsync(process.StandardError, Error));
    }

    /// <summary>Standard output alone.</summary>
    public OutputLines Out { get; } = new();

    /// <summary>Standard error alone.</summary>
    public OutputLines Error { get; } = new();

    public int Id => _process.Id;
    public bool HasExited => _process.HasExited;

    /// <param name="environment">Added to the environment of the tests; null removes a variable.</param>
    public static RunningProgram Start(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, string? folder = null, byte[]? input = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start.");
        var running = new RunningProgram(process);
        if (input is not null) process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        return running;
    }

    /// <summary>Waits for its end and all of its output.</summary>
    public async Task<FinishedProgram> WaitAsync(CancellationToken stop)
    {
        await _process.WaitForExitAsync(stop);
        await _pumps.WaitAsync(stop);
        return new(_process.ExitCode, Out.ToString(), Error.ToString());
    }

    /// <summary>SIGKILL: nothing is finished, nothing is flushed.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <summary>SIGTERM: asks it to end.</summary>
    public void Terminate()
    {
        if (SendSignal(_process.Id, SigTerm) != 0) throw new InvalidOperationException($"Process {_process.Id} takes no signal.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    static async Task PumpAsync(StreamReader from, OutputLines to)
    {
        while (await from.ReadLineAsync() is { } line) to.Add(line);
        to.End();
    }

    const int SigTerm = 15;

    [DllImport("libc", EntryPoint = "kill")]
    static extern int SendSignal(int process, int signal);
}

/// <summary>How a program ended and what it said.</summary>
public sealed record FinishedProgram(int ExitCode, string Out, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n{Out}\n{Error}";
}
