using System.Security.Cryptography;
using System.Text;

namespace WebSmtp.Mta.Accounts;

/// <summary>
/// Remembers which passwords were found right, so that a device that logs in for every message does not cost a tenth of
/// a second each time. Only a keyed digest is kept, with a key that dies with the program; every change of an account
/// makes what is remembered about it worthless. Thread-safe.
/// </summary>
sealed class VerifiedPasswords
{
    /// <summary>Above this everything is forgotten, and found out anew.</summary>
    const int Capacity = 4096;

    readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    readonly Lock _gate = new();
    readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public bool Contains(Account account, string password)
    {
        var digest = Digest(account, password);
        lock (_gate) return _known.Contains(digest);
    }

    public void Add(Account account, string password)
    {
        var digest = Digest(account, password);
        lock (_gate)
        {
            if (_known.Count >= Capacity) _known.Clear();
            _known.Add(digest);
        }
    }

    string Digest(Account account, string password) =>
        Convert.ToBase64String(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{account.Id}|{account.Version}|{password}")));
}
