namespace WebSmtp.Mta.Administration;

/// <summary>What database it is.</summary>
/// <param name="Bytes">What it takes on its disk.</param>
public sealed record DatabaseFacts(string Name, string Version, long Bytes);

/// <summary>Asks the database about itself. Thread-safe.</summary>
public interface IDatabaseFacts
{
    Task<DatabaseFacts> ReadAsync(CancellationToken stop);
}
