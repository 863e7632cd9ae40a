namespace WebSmtp.Mta.Delivery;

/// <summary>
/// Estimates, octet by octet, what it costs to take a content apart: a small message of a million parts takes gigabytes, a
/// field without end takes time by the square of its length. Errs on the high side.
/// </summary>
struct MimeWork()
{
    const int MaxParts = 20_000, MaxFields = 100_000, MaxField = 128 * 1024;

    int _parts, _fieldCount;
    long _field, _longest, _at;
    bool _dash, _boundary, _naming;

    /// <summary>In lines that may be a header: at the start, after an empty line, after a boundary.</summary>
    bool _inFields = true;

    /// <summary>More than any honest message needs.</summary>
    public readonly bool IsTooMuch => _parts > MaxParts || _fieldCount > MaxFields || Math.Max(_longest, _field) > MaxField;

    public void Take(byte next)
    {
        if (next is (byte)'\r') return;
        if (next is (byte)'\n')
        {
            EndLine();
            return;
        }
        _at++;
        if (_at == 1) BeginLine(next);
        else if (_at == 2 && _dash && next is (byte)'-') (_boundary, _parts) = (true, _parts + 1);
        if (!_inFields) return;
        _field++;
        if (!_naming) return;
        if (next is (byte)':') (_naming, _fieldCount) = (false, _fieldCount + 1);
        else if (next is <= 32 or > 126) _inFields = _naming = false;
    }

    void BeginLine(byte first)
    {
        _dash = first is (byte)'-';
        _naming = first is not ((byte)' ' or (byte)'\t');
        // A line that goes on with what is no field is none either.
        if (!_naming) _inFields &= _field > 0;
        else EndField();
    }

    void EndLine()
    {
        if (_at == 0 || _boundary)
        {
            EndField();
            _inFields = true;
        }
        else if (_naming)
        {
            _inFields = false;
        }
        (_at, _dash, _boundary, _naming) = (0, false, false, false);
    }

    void EndField()
    {
        _longest = Math.Max(_longest, _inFields ? _field : 0);
        _field = 0;
    }
}
