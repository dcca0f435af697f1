using System.Globalization;
using System.Text;
using PageShift.SystemCalls;

namespace PageShift.Calls.Names;

/// <summary>The names of one family of flags or values: read by name, and written in strace's order and with its remainders.</summary>
internal sealed class FlagSet
{
    private readonly ValueNames _names;
    private readonly string _unknown;

    private (string Name, ulong Value)[] Names { get; }

    /// <param name="names">The names.</param>
    public FlagSet(ValueNames names)
    {
        _names = names;
        _unknown = $" /* {names.Prefix}??? */";
        Expected = $"{names.Prefix}... or a number";
        (string, ulong)[] shift = names.ShiftedMask == 0 ? [] : [(names.ShiftName, (ulong)ulong.TrailingZeroCount(names.ShiftedMask))];
        Names = [.. names.Names, .. names.Types, .. names.AlsoRead, .. shift];
        Symbols = new SymbolTable(Names);
    }

    /// <summary>The names, for reading.</summary>
    public SymbolTable Symbols { get; }

    /// <summary>The same without their prefix too, as perf trace writes them.</summary>
    public SymbolTable ShortSymbols => field ??= new SymbolTable(
        [.. Names.SelectMany(symbol => symbol.Name.StartsWith(_names.Prefix, StringComparison.Ordinal) ? [symbol, (symbol.Name[_names.Prefix.Length..], symbol.Value)] : new[] { symbol })]);

    /// <summary>What a syntax error says was expected.</summary>
    public string Expected { get; }

    /// <summary>True when a number may be octal, with a leading zero.</summary>
    public bool HasOctal => _names.OctalMask != 0;

    /// <summary>Writes a set of bits: names joined by '|', then what no name covers, in hexadecimal.</summary>
    public void WriteFlags(StringBuilder line, ulong bits)
    {
        bool isFirst = true;
        if (_names.TypeMask != 0)
        {
            WriteOne(line, _names.Types, bits & _names.TypeMask);
            isFirst = false;
        }

        ulong flags = bits & ~(_names.TypeMask | _names.ShiftedMask | _names.OctalMask);
        if (flags != 0)
            WriteNames(line, flags, ref isFirst);
        if ((bits & _names.ShiftedMask) != 0)
        {
            Separate(line, ref isFirst);
            line.Append((bits & _names.ShiftedMask) >> (int)ulong.TrailingZeroCount(_names.ShiftedMask)).Append("<<").Append(_names.ShiftName);
        }

        if (_names.OctalMask != 0)
        {
            Separate(line, ref isFirst);
            line.Append(Convert.ToString((long)(bits & _names.OctalMask), 8).PadLeft(3, '0').Insert(0, (bits & _names.OctalMask) == 0 ? "" : "0"));
        }

        if (isFirst)
            line.Append(_names.Names[0].Value == 0 ? _names.Names[0].Name : "0");
    }

    /// <summary>Writes one value by its name, or in hexadecimal.</summary>
    public void WriteValue(StringBuilder line, ulong number) => WriteOne(line, _names.Names, number);

    /// <summary>Finds the name of a value.</summary>
    public bool TryFindName(ulong number, out string name)
    {
        foreach ((string candidate, ulong value) in _names.Names)
        {
            if (value == number)
            {
                name = candidate;
                return true;
            }
        }

        name = "";
        return false;
    }

    private void WriteNames(StringBuilder line, ulong bits, ref bool isFirst)
    {
        ulong rest = bits;
        bool isOnly = isFirst;
        foreach ((string name, ulong value) in _names.Names)
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
        if (rest == bits && isOnly && _names.OctalMask == 0) // which says what it is
            line.Append(_unknown);
    }

    private void WriteOne(StringBuilder line, IReadOnlyList<(string Name, ulong Value)> names, ulong number)
    {
        foreach ((string name, ulong value) in names)
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
