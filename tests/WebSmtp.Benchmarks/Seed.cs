using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace WebSmtp.Benchmarks;

/// <summary>
/// Fills a database that the program has made with messages that wait, as a bad day would: a few destinations that have
/// most of it, very many with a little, some held, some frozen, most tried before. Contents are not made.
/// </summary>
static class Seed
{
    const int RowsAtOnce = 500, Domains = 20_000;
    static readonly DateTime Epoch = new(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    static readonly string[] Replies =
        ["450 4.2.1 Mailbox busy, try again later", "451 4.7.1 Greylisted, come back in 300 seconds", "421 4.3.2 Too many connections", "452 4.2.2 Mailbox full", "No connection: timed out"];

    static readonly string[] Subjects = ["Invoice", "Your order", "Newsletter of", "Re: meeting", "Backup report", "Password changed", "Delivery note", "Minutes of"];

    public static async Task RunAsync(Options options, CancellationToken stop)
    {
        var data = options.Folder ?? throw new BenchmarkException("Say where the data is: --data DIRECTORY.");
        Directory.CreateDirectory(data);
        // The program makes its database; it must not run while that is filled.
        await using (await QueueServer.StartAsync(data, options.Database, stop)) { }
        var watch = Stopwatch.StartNew();
        await using DbConnection connection = options.Database is { } url ? new NpgsqlConnection(Postgres(url)) : new SqliteConnection($"Data Source={Path.Combine(data, "websmtp.db")};Pooling=False");
        await connection.OpenAsync(stop);
        await FillAsync(connection, options.Messages, options.Database is not null, DateTime.UnixEpoch.AddSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()), stop);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.Messages} messages in {watch.Elapsed.TotalSeconds:F0} s."));
    }

    static async Task FillAsync(DbConnection connection, int count, bool postgres, DateTime now, CancellationToken stop)
    {
        var random = new Random(20261127);
        var (messages, entries) = (new Rows("Messages", "Id,SiteId,ReceivedAt,ClientAddress,HeloName,Protocol,MailFrom,Body,SmtpUtf8,Return,Size,Subject,HeaderMessageId,LiveRecipients"),
            new Rows("Recipients", "MessageId,SiteId,Address,Domain,State,DueAt,Attempts,LastReply,Notify,AcceptedHeld"));
        var waiting = new Dictionary<string, (long Messages, long Bytes)>(StringComparer.Ordinal);
        var (no, yes) = postgres ? ("false", "true") : ("0", "1");
        var first = now.AddDays(-3);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        for (var i = 0; i < count; i++)
        {
            var at = first.AddMilliseconds((now.AddMinutes(-5) - first).TotalMilliseconds * i / count);
            var id = ((long)(at - Epoch).TotalMilliseconds << 22) | (uint)(i & 0x3FFF);
            // The square of the square: few domains have most of the mail.
            var rank = (int)(Math.Pow(random.NextDouble(), 4) * Domains);
            var domain = string.Create(CultureInfo.InvariantCulture, $"dest{rank}.example");
            var size = random.Next(1000) < 5 ? random.Next(100_000, 20_000_000) : random.Next(800, 60_000);
            var (state, tried) = random.Next(100) switch { < 70 => ("queued", true), < 80 => ("queued", false), < 97 => ("held", false), _ => ("frozen", true) };
            var due = now.AddDays(2).AddSeconds(rank % 50 == 0 ? rank : random.Next(86_400));
            var recipients = random.Next(20) == 0 ? 3 : 1;
            messages.Add(Number(id), "1", Time(at, postgres), Text($"192.0.2.{random.Next(1, 250)}"), Text("mail.office.example"), Text("ESMTP"),
                Text($"user{random.Next(5000)}@office{random.Next(40)}.example"), Text("sevenBit"), no, Text("unspecified"), Number(size),
                Text($"{Subjects[random.Next(Subjects.Length)]} {random.Next(100_000)}"), Text($"<{i}.{random.Next()}@office.example>"), Number(recipients));
            for (var n = 0; n < recipients; n++)
            {
                entries.Add(Number(id), "1", Text($"person{random.Next(100_000)}@{domain}"), Text(domain), Text(state), state is "queued" ? Time(due, postgres) : "NULL",
                    tried ? Number(random.Next(1, 20)) : "0", tried ? Text(Replies[random.Next(Replies.Length)]) : "NULL", "0", state is "held" ? yes : no);
            }
            waiting[domain] = waiting.TryGetValue(domain, out var sum) ? (sum.Messages + 1, sum.Bytes + size) : (1, size);
            if (messages.Count < RowsAtOnce && i < count - 1) continue;
            await messages.WriteAsync(connection, transaction, stop);
            await entries.WriteAsync(connection, transaction, stop);
        }
        var destinations = new Rows("Destinations", "SiteId,Domain,Reversed,Messages,Bytes");
        foreach (var (domain, sum) in waiting)
        {
            destinations.Add("1", Text(domain), Text(string.Join('.', domain.Split('.').Reverse())), Number(sum.Messages), Number(sum.Bytes));
            if (destinations.Count == RowsAtOnce) await destinations.WriteAsync(connection, transaction, stop);
        }
        await destinations.WriteAsync(connection, transaction, stop);
        await transaction.CommitAsync(stop);
        await using var analyze = connection.CreateCommand();
        (analyze.CommandText, analyze.CommandTimeout) = ("ANALYZE", 0);
        if (postgres) await analyze.ExecuteNonQueryAsync(stop);
    }

    static string Postgres(string url)
    {
        var uri = new Uri(url);
        var user = uri.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host, Port = uri.Port > 0 ? uri.Port : 5432, Username = user[0], Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null, Database = uri.AbsolutePath.Trim('/'),
        }.ConnectionString;
    }

    // Nothing of this comes from outside.
    static string Text(string text) => $"'{text}'";
    static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
    static string Time(DateTime time, bool postgres) => $"'{time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture)}{(postgres ? "+00" : "")}'";

    sealed class Rows(string table, string columns)
    {
        readonly StringBuilder _values = new();

        public int Count { get; private set; }

        public void Add(params string[] values)
        {
            _values.Append(Count++ == 0 ? "(" : ",(").AppendJoin(',', values).Append(')');
        }

        public async Task WriteAsync(DbConnection connection, DbTransaction transaction, CancellationToken stop)
        {
            if (Count == 0) return;
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = $"INSERT INTO \"{table}\" ({string.Join(',', columns.Split(',').Select(column => $"\"{column}\""))}) VALUES {_values}";
            await command.ExecuteNonQueryAsync(stop);
            _values.Clear();
            Count = 0;
        }
    }
}
