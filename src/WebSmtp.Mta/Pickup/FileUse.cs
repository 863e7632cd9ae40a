using System.Runtime.InteropServices;

namespace WebSmtp.Mta.Pickup;

/// <summary>Whether others work on a file.</summary>
enum FileUse
{
    /// <summary>Nobody has it open to write, and nobody holds a lock on it.</summary>
    None,

    /// <summary>Somebody does.</summary>
    Open,

    /// <summary>The system does not say who writes; nobody holds a lock on it.</summary>
    Unknown,
}

/// <summary>
/// Asks the system who else has a file open. Windows says so when it is opened. On Linux a lock binds only those who ask
/// for it, so a lease is asked for, which is granted only while nobody has the file open to write. It is given to who
/// owns the file or has CAP_LEASE, and not by every file system.
/// </summary>
static class FileUses
{
    const int GetLock = 5, SetSignal = 10, SetLease = 1024, GetDescriptionLock = 36;
    const short ReadLock = 0, WriteLock = 1, Unlocked = 2;
    const int TryAgain = 11, UrgentSignal = 23;

    /// <param name="opened">To read, and with nothing shared.</param>
    public static FileUse Of(FileStream opened)
    {
        if (OperatingSystem.IsWindows()) return FileUse.None;
        // The numbers are those of Linux, the structure's layout that of its 64 bit systems.
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess) return FileUse.Unknown;
        var descriptor = (int)opened.SafeFileHandle.DangerousGetHandle();
        return IsLocked(descriptor) ? FileUse.Open : AskForLease(descriptor);
    }

    /// <summary>Locks of POSIX, which those of .NET know nothing of: whole files or parts, to read or to write.</summary>
    static bool IsLocked(int descriptor)
    {
        var wanted = new RecordLock { Type = WriteLock };
        if (Control(descriptor, GetDescriptionLock, ref wanted) == 0) return wanted.Type != Unlocked;
        wanted = new() { Type = WriteLock };
        return Control(descriptor, GetLock, ref wanted) == 0 && wanted.Type != Unlocked;
    }

    static FileUse AskForLease(int descriptor)
    {
        // Who opens the file while it is leased makes the system send a signal: SIGIO, which would end the program, unless
        // another is wanted. This one is ignored.
        if (Control(descriptor, SetSignal, UrgentSignal) != 0) return FileUse.Unknown;
        if (Control(descriptor, SetLease, ReadLock) != 0) return Marshal.GetLastPInvokeError() == TryAgain ? FileUse.Open : FileUse.Unknown;
        _ = Control(descriptor, SetLease, Unlocked);
        return FileUse.None;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct RecordLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Control(int descriptor, int command, nint argument);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Control(int descriptor, int command, ref RecordLock argument);
}
