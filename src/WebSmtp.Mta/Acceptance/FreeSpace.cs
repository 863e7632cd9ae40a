using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta.Acceptance;

/// <summary>
/// How much room the disks have, asked at most once a second for each folder: refusing before a disk is full keeps the
/// room that delivering and settling need. Thread-safe.
/// </summary>
public sealed class FreeSpace
{
    /// <summary>What must stay free beside the message that is announced.</summary>
    const long FloorBytes = 8 * 1024 * 1024;

    static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, Answer> _answers = new(StringComparer.Ordinal);
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly Func<string, long> _probe;

    public FreeSpace(TimeProvider time, ILogger<FreeSpace> log) : this(time, log, Ask) { }

    /// <param name="probe">Bytes free on the volume of a folder.</param>
    internal FreeSpace(TimeProvider time, ILogger<FreeSpace> log, Func<string, long> probe)
    {
        _time = time;
        _log = log;
        _probe = probe;
    }

    /// <summary>Is there room for a message of this size on the volume of a folder. Unknown counts as room: writing will tell.</summary>
    public bool Has(string folder, long bytes)
    {
        if (!_answers.TryGetValue(folder, out var answer) || _time.GetElapsedTime(answer.At) >= MaxAge)
        {
            answer = new(_time.GetTimestamp(), Probe(folder));
            _answers[folder] = answer;
        }
        return answer.Free - FloorBytes >= bytes;
    }

    long Probe(string folder)
    {
        try
        {
            return _probe(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Log.FreeSpaceUnknown(_log, e, folder);
            return long.MaxValue;
        }
    }

    static long Ask(string folder) =>
        new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(Path.GetFullPath(folder))! : folder).AvailableFreeSpace;

    readonly record struct Answer(long At, long Free);
}
