using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using WebSmtp.Mta.Queue;
using WebSmtp.Storage.Queue;

namespace WebSmtp.Storage.Tests;

/// <summary>The storage as the program composes it, on a database of its own, with a clock that stands still.</summary>
sealed class TestDatabase : IAsyncDisposable
{
    readonly ServiceProvider _services;

    TestDatabase(ServiceProvider services, FakeTimeProvider clock) => (_services, Clock) = (services, clock);

    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public FakeTimeProvider Clock { get; }

    public static TestDatabase Closed(DatabaseProvider provider)
    {
        var clock = new FakeTimeProvider(Start);
        var services = new ServiceCollection().AddLogging(l => l.SetMinimumLevel(LogLevel.None)).AddSingleton<TimeProvider>(clock);
        return new(services.AddWebSmtpStorage(provider).BuildServiceProvider(), clock);
    }

    public static async Task<TestDatabase> OpenAsync(DatabaseProvider provider)
    {
        var database = Closed(provider);
        try
        {
            await database.OpenAsync();
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public Task OpenAsync() => Get<DatabaseSetup>().OpenAsync(TestContext.Current.CancellationToken);
    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();
    public Task<WebSmtpDb> ContextAsync() => Get<IDbContextFactory<WebSmtpDb>>().CreateDbContextAsync();
    public CommitPipeline Pipeline => Get<CommitPipeline>();
    public IQueueStore Queue => Get<IQueueStore>();
    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

/// <summary>A contract is inherited once for each database; each test gets an empty one.</summary>
public abstract class StorageContract : IAsyncLifetime
{
    protected const int DeadlineMilliseconds = 120_000;

    internal TestDatabase Database { get; private set; } = null!;
    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A new and empty database; skips the test, with the reason, when there can be none.</summary>
    protected abstract Task<DatabaseProvider> NewAsync();

    public virtual async ValueTask InitializeAsync() => Database = await TestDatabase.OpenAsync(await NewAsync());

    public virtual async ValueTask DisposeAsync()
    {
        if (Database is not null) await Database.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
