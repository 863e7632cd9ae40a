using Microsoft.Extensions.Logging.Abstractions;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Tests.Sites;

namespace WebSmtp.Mta.Tests.Accounts;

/// <summary>The operations on accounts, beside those on sites.</summary>
sealed class AccountBench : IDisposable, ISecretProtector
{
    readonly Passwords _passwords = new();

    public AccountBench() => Restart();

    public SiteBench Bench { get; } = new();
    public MemoryAccountStore Store => Bench.Accounts;
    public AccountOperations Accounts { get; private set; } = null!;
    public CancellationToken Stop => Bench.Stop;
    public byte Key { get; set; } = 0x55;

    /// <summary>A new process: what was remembered about passwords is gone.</summary>
    public void Restart() => Accounts = new(Store, Bench.Registry, this, _passwords, Bench.Record.Audit(Bench.Time), Bench.Gate, NullLogger<AccountOperations>.Instance);

    public static AccountConfiguration Wanted(string username = "testserver", string? password = "secret") =>
        new(username, password, Enabled: true, ChallengeResponse: false, null, null);

    public async Task CreateAsync(AccountConfiguration wanted) =>
        Assert.Null((await Accounts.CreateAsync(wanted, SiteBench.Administrator, Stop)).Problem);

    public Task<string?> LogInAsync(string username, string password, int siteId = 1) =>
        Accounts.VerifyPasswordAsync(siteId, username, password, Stop);

    // A key byte in front and the rest turned over: enough to see that nothing is stored in clear.
    public byte[] Protect(byte[] secret) => [Key, .. secret.Select(b => (byte)(b ^ Key))];
    public byte[]? Unprotect(byte[] protectedSecret) =>
        protectedSecret[0] == Key ? [.. protectedSecret[1..].Select(b => (byte)(b ^ Key))] : null;

    public void Dispose()
    {
        _passwords.Dispose();
        Bench.Dispose();
    }
}
