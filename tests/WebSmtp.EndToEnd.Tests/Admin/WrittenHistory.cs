using Microsoft.Data.Sqlite;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>What takes days to happen, written into the database of a running server; and its database kept from being written.</summary>
static class WrittenHistory
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A host that came every hour, five times.</summary>
    public static async Task CameHourlyAsync(this TestSite site, string domain, MailAccount account, DateTimeOffset last)
    {
        for (var hours = 4; hours >= 0; hours--)
        {
            await site.WriteAsync(
                """
                INSERT INTO Collections (SiteId, Domain, Method, Account, "From", StartedAt, EndedAt, Waiting, Delivered, Deferred, Failed, Bytes, "End")
                VALUES ($site, $domain, 'turn', $account, '127.0.0.1', $at, $at, 1, 1, 0, 0, 100, 'Took 1 of 1.')
                """,
                ("$site", site.Id), ("$domain", domain), ("$account", account.Username), ("$at", last.AddHours(-hours).UtcDateTime));
        }
    }

    public static async Task WriteAsync(this TestSite site, string statement, params (string Name, object Value)[] values)
    {
        await using var database = await OpenAsync(site);
        await using var command = database.CreateCommand();
        command.CommandText = statement;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Stop));
    }

    /// <summary>Nothing is written until this is disposed: an operation stands still within its piece.</summary>
    public static async Task<IAsyncDisposable> StallAsync(this TestSite site)
    {
        var database = await OpenAsync(site);
        await database.BeginTransactionAsync(System.Data.IsolationLevel.Serializable, Stop);
        return database;
    }

    static async Task<SqliteConnection> OpenAsync(TestSite site)
    {
        var database = new SqliteConnection($"Data Source={Path.Combine(site.Server.DataDirectory, "websmtp.db")};Default Timeout=30;Pooling=False");
        await database.OpenAsync(Stop);
        return database;
    }
}
