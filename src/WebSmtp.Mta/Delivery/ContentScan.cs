using System.Buffers;

namespace WebSmtp.Mta.Delivery;

/// <summary>What a content asks of a host, whatever was declared about it.</summary>
/// <param name="EightBit">Octets above 127.</param>
/// <param name="Binary">NUL, CR or LF alone, or lines over 998 octets: nothing that DATA may carry. RFC 2045 section 2.8.</param>
/// <param name="EightBitHeader">Octets above 127 before the first empty line.</param>
/// <param name="TooMuch">Nobody should take it apart.</param>
readonly record struct ContentNeeds(bool EightBit, bool Binary, bool EightBitHeader, bool TooMuch);

/// <summary>Reads a content from end to end to see what it holds; bounded memory.</summary>
static class ContentScan
{
    const int MaxLine = 998;

    public static async ValueTask<ContentNeeds> ScanAsync(Stream content, CancellationToken stop)
    {
        var block = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            var scan = new State();
            while (await content.ReadAsync(block, stop) is > 0 and var got) scan.Take(block.AsSpan(0, got));
            return scan.Needs;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    struct State()
    {
        bool _eightBit, _binary, _eightBitHeader, _afterCr;
        bool _inHeader = true;
        long _line;
        MimeWork _work = new();

        public readonly ContentNeeds Needs => new(_eightBit, _binary || _afterCr || _line > MaxLine, _eightBitHeader, _work.IsTooMuch);

        public void Take(ReadOnlySpan<byte> bytes)
        {
            foreach (var next in bytes)
            {
                _work.Take(next);
                if (_afterCr)
                {
                    _binary |= next is not (byte)'\n' || _line > MaxLine;
                    if (next is (byte)'\n' && _line == 0) _inHeader = false;
                    (_afterCr, _line) = (next is (byte)'\r', 0);
                    if (next is (byte)'\n' or (byte)'\r') continue;
                }
                if (next is (byte)'\r')
                {
                    _afterCr = true;
                    continue;
                }
                _binary |= next is (byte)'\n' or 0;
                _line++;
                if (next <= 127) continue;
                _eightBit = true;
                _eightBitHeader |= _inHeader;
            }
        }
    }
}
