namespace WebSmtp.Mta.Administration;

/// <summary>Who may use the web admin and the REST API. Thread-safe.</summary>
public sealed class AccessOperations
{
    /// <summary>
    /// Makes the administrator <c>admin</c> when there is no user yet; returns the password that was made up, to be shown
    /// once, or null when one was given or nothing was to do. Likewise takes up a given API key.
    /// </summary>
    public Task<string?> FirstRunAsync(string? adminPassword, string? apiKey, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>The user when name and password are right, else null. Equal time for unknown names; attempts are limited.</summary>
    public Task<AdminUser?> LogInAsync(string username, string password, string from, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Null when there is no such user or the stamp is another: the log-in is over.</summary>
    public Task<AdminUser?> FindUserAsync(string username, string securityStamp, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>The key's name and role; null when unknown or expired.</summary>
    public Task<ApiKey?> FindKeyAsync(string key, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Null: changed; all other log-ins of the user end.</summary>
    public Task<Problem?> ChangePasswordAsync(string username, string oldPassword, string newPassword, CancellationToken stop) => throw new NotSupportedException();
}
