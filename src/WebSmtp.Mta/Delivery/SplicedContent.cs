using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>A content with other bytes in one place.</summary>
/// <param name="start">Where the bytes that are replaced begin.</param>
/// <param name="length">How many they are.</param>
sealed class SplicedContent(IOutgoingContent content, long start, int length, ReadOnlyMemory<byte> replacement) : IOutgoingContent
{
    public long Length => content.Length - length + replacement.Length;

    public async ValueTask<Stream> OpenAsync(CancellationToken stop)
    {
        var original = await content.OpenAsync(stop);
        return new Splice(original, start, length, replacement);
    }

    /// <summary>Forward only.</summary>
    sealed class Splice(Stream original, long before, int skip, ReadOnlyMemory<byte> replacement) : Stream
    {
        long _before = before;
        int _skip = skip;
        ReadOnlyMemory<byte> _replacement = replacement;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.IsEmpty) return 0;
            if (_before > 0)
            {
                var got = await original.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _before)], cancellationToken);
                _before -= got;
                return got;
            }
            if (!_replacement.IsEmpty)
            {
                var some = Math.Min(buffer.Length, _replacement.Length);
                _replacement[..some].CopyTo(buffer);
                _replacement = _replacement[some..];
                return some;
            }
            while (_skip > 0)
            {
                var got = await original.ReadAsync(buffer[..Math.Min(buffer.Length, _skip)], cancellationToken);
                if (got == 0) return 0;
                _skip -= got;
            }
            return await original.ReadAsync(buffer, cancellationToken);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) original.Dispose();
            base.Dispose(disposing);
        }

        public override async ValueTask DisposeAsync()
        {
            await original.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
