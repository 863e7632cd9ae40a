using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace WebSmtp.EndToEnd.Tests.Dns;

/// <summary>
/// A DNS server on loopback, over UDP and TCP, that says what a test wants: records, no such name, failure, silence, or
/// an answer that only fits into TCP. Names it was not told of do not exist. Thread-safe; changes hold at once.
/// </summary>
public sealed class LoopbackDns : IAsyncDisposable
{
    readonly ConcurrentDictionary<string, Zone> _zones = new(StringComparer.OrdinalIgnoreCase);
    readonly ConcurrentQueue<DnsQuery> _queries = new();
    readonly CancellationTokenSource _stop = new();
    readonly UdpClient _udp;
    readonly TcpListener _tcp;
    readonly Task _serving;

    public LoopbackDns()
    {
        var port = Server.FreePorts.Next();
        _udp = new(new IPEndPoint(IPAddress.Loopback, port));
        _tcp = new(IPAddress.Loopback, port);
        _tcp.Start();
        EndPoint = new(IPAddress.Loopback, port);
        _serving = Task.WhenAll(ServeUdpAsync(), ServeTcpAsync());
    }

    enum Mood { Answers, Fails, Refuses, Silent, Truncates }

    public IPEndPoint EndPoint { get; }

    /// <summary>Time to live of answers, also of those that say no.</summary>
    public int Seconds { get; set; }

    /// <summary>Does not answer about addresses of this family.</summary>
    public RecordType? SilentAbout { get; set; }

    /// <summary>Every question so far.</summary>
    public IReadOnlyList<DnsQuery> Queries => [.. _queries];

    public LoopbackDns Mx(string name, int preference, string host) => Add(DnsRecord.Mx(name, preference, host));
    public LoopbackDns Address(string name, string address) => Add(DnsRecord.Address(name, IPAddress.Parse(address)));
    public LoopbackDns Txt(string name, string text) => Add(DnsRecord.Txt(name, text));
    public LoopbackDns Cname(string name, string target) => Add(DnsRecord.Cname(name, target));

    /// <summary>Says SERVFAIL to every question about the name.</summary>
    public LoopbackDns Fail(string name) => Be(name, Mood.Fails);

    /// <summary>Says REFUSED to every question about the name.</summary>
    public LoopbackDns Refuse(string name) => Be(name, Mood.Refuses);

    /// <summary>Never answers about the name.</summary>
    public LoopbackDns BeSilent(string name) => Be(name, Mood.Silent);

    /// <summary>Answers about the name over TCP only; over UDP that the answer is too long.</summary>
    public LoopbackDns Truncate(string name) => Be(name, Mood.Truncates);

    /// <summary>The name does not exist any more.</summary>
    public LoopbackDns Forget(string name)
    {
        _zones.TryRemove(name, out _);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _udp.Dispose();
        _tcp.Dispose();
        await _serving;
        _stop.Dispose();
    }

    LoopbackDns Add(DnsRecord record)
    {
        _zones.AddOrUpdate(record.Name, _ => new([record], Mood.Answers), (_, zone) => zone with { Records = [.. zone.Records, record] });
        return this;
    }

    LoopbackDns Be(string name, Mood mood)
    {
        _zones.AddOrUpdate(name, _ => new([], mood), (_, zone) => zone with { Mood = mood });
        return this;
    }

    // Null: silence.
    byte[]? Answer(ReadOnlySpan<byte> question, bool tcp)
    {
        if (DnsMessage.Read(question) is not { } query) return null;
        _queries.Enqueue(new((RecordType)query.Type, query.Name, tcp));
        if (SilentAbout == (RecordType)query.Type) return null;
        if (!_zones.TryGetValue(query.Name, out var zone)) return query.Answer(AnswerCode.NoSuchName, [], false, Seconds);
        return zone.Mood switch
        {
            Mood.Silent => null,
            Mood.Fails => query.Answer(AnswerCode.ServerFailure, [], false),
            Mood.Refuses => query.Answer(AnswerCode.Refused, [], false),
            var mood => query.Answer(AnswerCode.NoError, Records(query.Name, (RecordType)query.Type), mood is Mood.Truncates && !tcp, Seconds),
        };
    }

    // A name that is an alias is answered with the alias and what its target has.
    List<DnsRecord> Records(string name, RecordType type)
    {
        var found = new List<DnsRecord>();
        for (var hops = 0; hops < 8 && _zones.TryGetValue(name, out var zone); hops++)
        {
            found.AddRange(zone.Records.Where(record => record.Type == type));
            if (zone.Records.FirstOrDefault(record => record.Type is RecordType.Cname) is not { } alias || type is RecordType.Cname) break;
            found.Add(alias);
            name = alias.Target!;
        }
        return found;
    }

    async Task ServeUdpAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var question = await _udp.ReceiveAsync(_stop.Token);
                if (Answer(question.Buffer, tcp: false) is { } answer) await _udp.SendAsync(answer, question.RemoteEndPoint, _stop.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // A client that went away before its answer; or the end.
            }
        }
    }

    async Task ServeTcpAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true) serving.Add(ServeTcpAsync(await _tcp.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    async Task ServeTcpAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            var stream = client.GetStream();
            var length = new byte[2];
            while (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, _stop.Token) == 2)
            {
                var question = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(question, _stop.Token);
                if (Answer(question, tcp: true) is not { } answer) continue;
                await stream.WriteAsync((byte[])[(byte)(answer.Length >> 8), (byte)answer.Length, .. answer], _stop.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client went away, or the end.
        }
    }

    sealed record Zone(IReadOnlyList<DnsRecord> Records, Mood Mood);
}

/// <summary>A question that was asked.</summary>
public sealed record DnsQuery(RecordType Type, string Name, bool OverTcp);
