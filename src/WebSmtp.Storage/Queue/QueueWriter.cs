using System.Data.Common;
using System.Text;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Queue;

/// <summary>
/// The connection that the queue is written on, with its prepared statements. Used by one task at a time.
/// </summary>
sealed class QueueWriter(DbConnection connection, DatabaseProvider provider) : IAsyncDisposable
{
    readonly Dictionary<Statement, DbCommand> _prepared = [];
    DbTransaction? _transaction;

    public DbConnection Connection => connection;

    public async ValueTask BeginAsync() => _transaction = await connection.BeginTransactionAsync();

    /// <summary>All of it is on disk, or an exception says that it may not be.</summary>
    public async ValueTask CommitAsync()
    {
        await _transaction!.CommitAsync();
        await EndAsync();
        provider.Flush(connection);
    }

    public async ValueTask RollbackAsync()
    {
        if (_transaction is null) return;
        await _transaction.RollbackAsync();
        await EndAsync();
    }

    async ValueTask EndAsync()
    {
        await _transaction!.DisposeAsync();
        _transaction = null;
    }

    public ValueTask<int> RunAsync(Statement statement, params ReadOnlySpan<object?> values) =>
        new(Bind(statement, values).ExecuteNonQueryAsync());

    /// <summary>The rows that a statement gives: all of them, since an update is only done when they have been read.</summary>
    public ValueTask<List<T>> QueryAsync<T>(Statement statement, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values) =>
        ReadAllAsync(Bind(statement, values), read);

    static async ValueTask<List<T>> ReadAllAsync<T>(DbCommand command, Func<DbDataReader, T> read)
    {
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(read(reader));
        return rows;
    }

    DbCommand Bind(Statement statement, ReadOnlySpan<object?> values)
    {
        if (!_prepared.TryGetValue(statement, out var command)) _prepared.Add(statement, command = Prepare(statement));
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = Store(values[i]);
        command.Transaction = _transaction;
        return command;
    }

    DbCommand Prepare(Statement statement)
    {
        var command = connection.CreateCommand();
        command.CommandText = statement.Text.Replace(HotStatements.SkipLocked, provider.SkipLocked, StringComparison.Ordinal);
        foreach (var name in statement.Parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "@" + name;
            parameter.DbType = HotStatements.TypeOf(name);
            command.Parameters.Add(parameter);
        }
        command.Transaction = _transaction;
        command.Prepare();
        return command;
    }

    /// <summary>The same forms that the EF model stores.</summary>
    static object Store(object? value) => value switch
    {
        null => DBNull.Value,
        DateTimeOffset time => time.UtcDateTime,
        RecipientState state => EnumText<RecipientState>.Write(state),
        string text => Storable(text),
        _ => value,
    };

    /// <summary>PostgreSQL refuses NUL and half surrogates, which hostile or cut text may have.</summary>
    static string Storable(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 && !text.Contains('\0')) return text;
        var storable = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) storable.Append(rune.Value == 0 ? Rune.ReplacementChar : rune);
        return storable.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var command in _prepared.Values) await command.DisposeAsync();
        await connection.DisposeAsync();
    }
}
