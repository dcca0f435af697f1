using PageShift.Calls.Names;

namespace PageShift.Calls.Text;

/// <summary>How a call begins: its name and the opening parenthesis.</summary>
internal struct CallHead
{
    /// <summary>What the name stands for; default for a name that is not known.</summary>
    public NamedCall Named;

    /// <summary>Where the parenthesis is; 0 where no call begins.</summary>
    public int NameEnd;

    /// <summary>True when the name is known, or is the number of a call that has one.</summary>
    public bool IsKnown;

    /// <summary>True when the name is a bare number, behind which strace writes all six registers.</summary>
    public bool IsRaw;

    /// <summary>True when the name is none that is known here, and does not stand for a number.</summary>
    public bool IsUnknownName;

    /// <summary>Reads the head at a place, and does not move. False where no call begins.</summary>
    public static bool TryRead(in LineCursor cursor, out CallHead head)
    {
        head = default;
        LineCursor end = cursor;
        ReadOnlySpan<byte> name = CallParser.TakeCallName(ref end);
        if (name.IsEmpty || LineCursor.IsDigit(name[0]) || end.Current != '(')
            return false;
        head.NameEnd = end.Position;
        head.IsKnown = SystemCallNames.TryFind(name, out head.Named, out head.IsRaw);
        head.IsUnknownName = !head.IsKnown && !SystemCallNames.IsUnnamed(name);
        return true;
    }
}
