using System.Data.Common;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace WebSmtp.Migrations.Sqlite;

/// <summary>
/// A command of the queue's connection. Once prepared, what it changes is done by SQLite's own interface: the provider finds
/// each parameter by its name anew, copies contents, and makes a reader that nobody reads. Values are stored in the
/// provider's forms. Used by one task at a time.
/// </summary>
sealed class SqlitePreparedCommand(SqliteConnection connection) : SqliteCommand("", connection)
{
    /// <summary>Characters of a text that is made ready on the stack.</summary>
    const int ShortText = 256;

    bool _wanted;
    sqlite3_stmt? _statement;
    int[] _places = [];

    sqlite3 Database => Connection!.Handle!;

    public override void Prepare() => _wanted = true;

    public override int ExecuteNonQuery()
    {
        if (!_wanted) return base.ExecuteNonQuery();
        if (_statement is null) Compile();
        try
        {
            for (var i = 0; i < _places.Length; i++) Check(Bind(_places[i], Parameters[i].Value));
            int result;
            do result = raw.sqlite3_step(_statement); while (result == raw.SQLITE_ROW);
            if (result != raw.SQLITE_DONE) Check(result);
            return raw.sqlite3_changes(Database);
        }
        finally
        {
            raw.sqlite3_reset(_statement);
            raw.sqlite3_clear_bindings(_statement);
        }
    }

    void Compile()
    {
        Check(raw.sqlite3_prepare_v2(Database, CommandText, out _statement));
        _places = [.. Parameters.Cast<DbParameter>().Select(parameter => raw.sqlite3_bind_parameter_index(_statement, parameter.ParameterName))];
    }

    int Bind(int place, object? value)
    {
        switch (value)
        {
            case null or DBNull:
                return raw.sqlite3_bind_null(_statement, place);
            case string text:
                return BindText(place, text);
            case DateTime time:
                Span<byte> formatted = stackalloc byte[32];
                time.TryFormat(formatted, out var length, "yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);
                return raw.sqlite3_bind_text(_statement, place, formatted[..length]);
            case ReadOnlyMemory<byte> bytes:
                return raw.sqlite3_bind_blob(_statement, place, bytes.Span);
            default:
                return raw.sqlite3_bind_int64(_statement, place, Convert.ToInt64(value, CultureInfo.InvariantCulture));
        }
    }

    int BindText(int place, string text)
    {
        if (text.Length is 0 or > ShortText) return raw.sqlite3_bind_text(_statement, place, text);
        Span<byte> encoded = stackalloc byte[ShortText * 3];
        return raw.sqlite3_bind_text(_statement, place, encoded[..Encoding.UTF8.GetBytes(text, encoded)]);
    }

    void Check(int result) => SqliteException.ThrowExceptionForRC(result, Database);

    protected override void Dispose(bool disposing)
    {
        if (disposing) _statement?.Dispose();
        base.Dispose(disposing);
    }
}
