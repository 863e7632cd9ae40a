using System.Text;
using WebSmtp.Mta.Accounts;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>What a smart host is logged in to with, read back from where it is encrypted. Thread-safe.</summary>
public sealed class SmartHostCredentials(ISecretProtector protector)
{
    /// <summary>Null credentials and null trouble: no log-in. Trouble is one sentence: nothing can be sent this way now.</summary>
    public Task<(ClientCredentials? Credentials, string? Trouble)> GetAsync(SmartHostTarget target, CancellationToken stop) =>
        Task.FromResult<(ClientCredentials?, string?)>(target.Auth switch
        {
            { Type: SmartHostAuthType.None } => (null, null),
            { Password: { } password, Username: { } user } when protector.Unprotect(password) is { } secret =>
                (new ClientCredentials.Password(user, Encoding.UTF8.GetString(secret)), null),
            _ => (null, "The stored secret cannot be read; give it again."),
        });
}
