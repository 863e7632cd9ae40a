using WebSmtp.Migrations.Sqlite;
using WebSmtp.Storage.Tests.Sqlite;

[assembly: AssemblyFixture(typeof(SqliteFiles))]

namespace WebSmtp.Storage.Tests.Sqlite;

/// <summary>A directory for the databases of this run of the tests, gone after it.</summary>
public sealed class SqliteFiles : IDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("websmtp-storage-").FullName;
    int _count;

    public string NewPath() => Path.Combine(_directory, $"{Interlocked.Increment(ref _count)}", "websmtp.db");
    public SqliteDatabase New() => SqliteDatabase.For(NewPath());
    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
