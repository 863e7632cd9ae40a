using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using WebSmtp.Mta.Accounts;

namespace WebSmtp.Network;

/// <summary>Encrypts with the program's key ring in the data directory's <c>keys</c> folder.</summary>
sealed class SecretProtector(IDataProtectionProvider keys) : ISecretProtector
{
    readonly IDataProtector _protector = keys.CreateProtector("WebSmtp.Secrets");

    public byte[] Protect(byte[] secret) => _protector.Protect(secret);

    public byte[]? Unprotect(byte[] protectedSecret)
    {
        try
        {
            return _protector.Unprotect(protectedSecret);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
