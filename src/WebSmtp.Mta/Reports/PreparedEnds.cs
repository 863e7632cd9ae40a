using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Reports;

/// <summary>Results, ready to be written together with the mail that tells of them. Disposing drops what was not kept.</summary>
sealed class PreparedEnds : IAsyncDisposable
{
    readonly List<SpoolFile> _files = [];

    public List<Settlement> Settlements { get; } = [];
    public List<NewReport> Reports { get; } = [];

    public SpoolFile Own(SpoolFile file)
    {
        _files.Add(file);
        return file;
    }

    /// <summary>Rows name the files now, or may do so: what no row names is swept at the next start.</summary>
    public void Keep()
    {
        foreach (var file in _files) file.Keep();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var file in _files) await file.DisposeAsync();
        _files.Clear();
    }
}
