namespace WebSmtp.Mta.Accounts;

/// <summary>
/// Makes and checks password hashes, which takes a tenth of a second of a processor each, for the whole program: at most
/// two at once, so that a flood of log-ins leaves the mail its processors. Thread-safe.
/// </summary>
public sealed class Passwords : IDisposable
{
    public const int MaxLength = 256;

    readonly SemaphoreSlim _places = new(2, 2);

    public Task<string> HashAsync(string password, CancellationToken stop) => RunAsync(() => PasswordHash.Make(password), stop);

    /// <summary>What SCRAM-SHA-256 needs, to be encrypted.</summary>
    internal Task<byte[]> ScramKeysAsync(string password, CancellationToken stop) => RunAsync(() => StoredScramKeys.Make(password), stop);

    /// <param name="stored">Null when there is no such name; it takes as long then, and is false.</param>
    public Task<bool> VerifyAsync(string password, string? stored, CancellationToken stop) =>
        RunAsync(() => PasswordHash.Verify(password, stored ?? PasswordHash.OfNobody) && stored is not null, stop);

    public void Dispose() => _places.Dispose();

    /// <summary>Null when a password may be so, else one sentence.</summary>
    internal static string? Judge(string password, int minLength) =>
        password.Length < minLength || password.Length > MaxLength || password.Any(char.IsControl)
            ? $"A password has {minLength} to {MaxLength} characters, none of them control characters."
            : null;

    async Task<T> RunAsync<T>(Func<T> compute, CancellationToken stop)
    {
        await _places.WaitAsync(stop);
        try
        {
            return await Task.Run(compute, stop);
        }
        finally
        {
            _places.Release();
        }
    }
}
