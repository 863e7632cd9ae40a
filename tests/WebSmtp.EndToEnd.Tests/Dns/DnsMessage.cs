using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace WebSmtp.EndToEnd.Tests.Dns;

/// <summary>Record types that mail needs. RFC 1035, RFC 3596.</summary>
public enum RecordType : ushort { A = 1, Cname = 5, Soa = 6, Mx = 15, Txt = 16, Aaaa = 28 }

/// <summary>Answer codes. RFC 1035 section 4.1.1.</summary>
enum AnswerCode { NoError = 0, ServerFailure = 2, NoSuchName = 3, Refused = 5 }

/// <summary>A record of the zone: its data is already in wire form.</summary>
/// <param name="Target">Of an alias.</param>
sealed record DnsRecord(string Name, RecordType Type, byte[] Data, string? Target = null)
{
    public static DnsRecord Address(string name, IPAddress address) =>
        new(name, address.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6 ? RecordType.Aaaa : RecordType.A, address.GetAddressBytes());

    public static DnsRecord Mx(string name, int preference, string host) =>
        new(name, RecordType.Mx, [(byte)(preference >> 8), (byte)preference, .. DnsMessage.Encode(host)]);

    public static DnsRecord Txt(string name, string text) =>
        new(name, RecordType.Txt, [.. text.Chunk(255).SelectMany(piece => (byte[])[(byte)piece.Length, .. Encoding.ASCII.GetBytes(piece)])]);

    public static DnsRecord Cname(string name, string target) => new(name, RecordType.Cname, DnsMessage.Encode(target), target);
}

/// <summary>A question and the making of its answer. RFC 1035 section 4.</summary>
sealed record DnsMessage(ushort Id, string Name, ushort Type, byte[] Question)
{
    const int HeaderLength = 12;

    /// <summary>Null when it is not a question with one name.</summary>
    public static DnsMessage? Read(ReadOnlySpan<byte> octets)
    {
        if (octets.Length < HeaderLength + 5 || BinaryPrimitives.ReadUInt16BigEndian(octets[4..]) != 1) return null;
        var labels = new List<string>();
        var at = HeaderLength;
        for (int length; (length = octets[at]) != 0; at += length + 1)
        {
            if (length > 63 || at + length + 6 > octets.Length) return null;
            labels.Add(Encoding.ASCII.GetString(octets.Slice(at + 1, length)));
        }
        var question = octets[HeaderLength..(at + 5)].ToArray();
        return new(BinaryPrimitives.ReadUInt16BigEndian(octets), string.Join('.', labels), BinaryPrimitives.ReadUInt16BigEndian(octets[(at + 1)..]), question);
    }

    /// <summary>The answer; time to live is mostly zero, so that a test may change its mind.</summary>
    /// <param name="seconds">Time to live; where there are no records, that of the SOA record which says so.</param>
    public byte[] Answer(AnswerCode code, IReadOnlyList<DnsRecord> records, bool truncated, int seconds = 0)
    {
        const ushort response = 0x8580; // answer, authoritative, recursion wanted and had
        var answer = new List<byte>();
        void Add16(int value) => answer.AddRange([(byte)(value >> 8), (byte)value]);
        Add16(Id);
        Add16(response | (truncated ? 0x0200 : 0) | (int)code);
        Add16(1);
        var authority = records.Count == 0 && seconds > 0;
        Add16(truncated ? 0 : records.Count);
        Add16(authority ? 1 : 0);
        Add16(0);
        answer.AddRange(Question);
        DnsRecord[] soa = authority ? [new("example", RecordType.Soa, [0, 0, .. new byte[16], (byte)(seconds >> 24), (byte)(seconds >> 16), (byte)(seconds >> 8), (byte)seconds])] : [];
        foreach (var record in truncated ? [] : records.Concat(soa))
        {
            answer.AddRange(Encode(record.Name));
            Add16((int)record.Type);
            Add16(1);
            Add16(seconds >> 16);
            Add16(seconds & 0xFFFF);
            Add16(record.Data.Length);
            answer.AddRange(record.Data);
        }
        return [.. answer];
    }

    public static byte[] Encode(string name) =>
        [.. name.TrimEnd('.').Split('.', StringSplitOptions.RemoveEmptyEntries).SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];
}
