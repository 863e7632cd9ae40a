using System.Text;

namespace WebSmtp.Mta.Pickup;

/// <summary>Names of files as others chose them.</summary>
static class PickupNames
{
    /// <summary>File systems take 255 octets; ours come to it: a number, an extension.</summary>
    const int MaxBytes = 100;

    /// <summary>The end of the name, where the extension is: as much as always fits, in whole characters.</summary>
    public static string Shortened(string name)
    {
        var (start, bytes) = (name.Length, 0);
        while (start > 0)
        {
            var length = start > 1 && char.IsSurrogatePair(name[start - 2], name[start - 1]) ? 2 : 1;
            bytes += Encoding.UTF8.GetByteCount(name.AsSpan(start - length, length));
            if (bytes > MaxBytes) break;
            start -= length;
        }
        return name[start..];
    }

    /// <summary>Octets that are no UTF-8 were replaced: under this name the file is not found.</summary>
    public static bool IsBroken(string name) => name.Contains('\uFFFD', StringComparison.Ordinal);
}
