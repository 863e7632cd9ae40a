namespace WebSmtp.Mta.Administration;

/// <summary>Collects what is wrong with somebody's input, so that all of it is told at once. Not thread-safe.</summary>
public sealed class Complaints
{
    readonly Dictionary<string, List<string>> _byField = new(StringComparer.Ordinal);

    public bool Any => Count > 0;

    /// <summary>Something is wrong with this field, or with a part of it.</summary>
    public bool Has(string field) => _byField.Keys.Any(name => name.StartsWith(field, StringComparison.Ordinal));

    /// <summary>Fields that something is wrong with.</summary>
    public int Count => _byField.Count;

    /// <param name="field">As in the REST contract: <c>endpoints[0].port</c>.</param>
    public void Add(string field, string message)
    {
        if (_byField.TryGetValue(field, out var messages)) messages.Add(message);
        else _byField[field] = [message];
    }

    /// <summary>Null when there is nothing to complain about.</summary>
    public Problem? ToProblem() => !Any ? null : new(
        ProblemKind.Invalid,
        string.Join(' ', _byField.Values.SelectMany(messages => messages)),
        _byField.ToDictionary(field => field.Key, field => field.Value.ToArray(), StringComparer.Ordinal));
}
