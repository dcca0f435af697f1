using System.Globalization;
using System.Text;

namespace PageShift.Calls;

/// <summary>The names of one family of flags or values: read by name, and written in strace's order and with its remainders.</summary>
internal sealed class FlagSet
{
    private readonly (string Name, ulong Value)[] _written;
    private readonly string _unknown;

    /// <param name="prefix">The names' common prefix, which strace repeats in its comment on unknown values.</param>
    /// <param name="written">The names that strace writes, in its order.</param>
    /// <param name="alsoRead">Names that only the reader knows.</param>
    public FlagSet(string prefix, (string Name, ulong Value)[] written, params (string Name, ulong Value)[] alsoRead)
    {
        _written = written;
        _unknown = $" /* {prefix}??? */";
        Expected = $"{prefix}... or a number";
        Symbols = new SymbolTable([.. written, .. alsoRead]);
    }

    /// <summary>The names, for reading.</summary>
    public SymbolTable Symbols { get; }

    /// <summary>What a syntax error says was expected.</summary>
    public string Expected { get; }

    /// <summary>Writes a set of bits: names joined by '|', then what no name covers, in hexadecimal.</summary>
    /// <param name="line">Where to write.</param>
    /// <param name="bits">The bits.</param>
    /// <param name="isContinued">Whether names stand before, to be followed by '|'.</param>
    public void WriteFlags(StringBuilder line, ulong bits, bool isContinued = false)
    {
        if (bits == 0)
        {
            if (!isContinued)
                line.Append(_written[0].Value == 0 ? _written[0].Name : "0");
            return;
        }

        ulong rest = bits;
        bool isFirst = !isContinued;
        foreach ((string name, ulong value) in _written)
        {
            if (value == 0 || (rest & value) != value)
                continue;
            Separate(line, ref isFirst);
            line.Append(name);
            rest &= ~value;
        }

        if (rest == 0)
            return;
        Separate(line, ref isFirst);
        line.Append(CultureInfo.InvariantCulture, $"0x{rest:x}");
        if (rest == bits && !isContinued)
            line.Append(_unknown);
    }

    /// <summary>Writes one value by its name, or in hexadecimal.</summary>
    public void WriteValue(StringBuilder line, ulong number)
    {
        foreach ((string name, ulong value) in _written)
        {
            if (value == number)
            {
                line.Append(name);
                return;
            }
        }

        line.Append(CultureInfo.InvariantCulture, $"0x{number:x}").Append(_unknown);
    }

    private static void Separate(StringBuilder line, ref bool isFirst)
    {
        if (!isFirst)
            line.Append('|');
        isFirst = false;
    }
}
