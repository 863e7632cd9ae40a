using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace WebSmtp.Migrations.Sqlite;

/// <summary>
/// The queue's connection. Its commits go into the log, and <see cref="Flush"/> makes them last: SQLite's own flush takes the
/// log's time stamps along, and for these a file system waits until its journal and what else is on its way are written.
/// </summary>
sealed class SqliteWriter(string connectionString) : SqliteConnection(connectionString)
{
    // errno of Linux.
    const int Interrupted = 4;

    SafeFileHandle? _log;

    /// <summary>What was committed survives a power loss from now on. Throws <see cref="IOException"/> with the system's error.</summary>
    public void Flush()
    {
        // There from the first commit on, and the same file for as long as a connection is open.
        _log ??= File.OpenHandle(DataSource + "-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(_log);
            return;
        }
        while (SyncData(_log) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) throw new IOException("The database's log cannot be flushed to disk.", error);
        }
    }

    public override SqliteCommand CreateCommand() => new SqlitePreparedCommand(this) { Transaction = Transaction };

    protected override void Dispose(bool disposing)
    {
        if (disposing) _log?.Dispose();
        base.Dispose(disposing);
    }

    [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SyncData(SafeFileHandle file);
}
