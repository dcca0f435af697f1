namespace PageShift.Verification.Conformance;

/// <summary>The flags of a mapping from their names in a case to the two letters that smaps has for them; a special mapping's own is its name there. Source: <c>Documentation/filesystems/proc.rst</c> (codes).</summary>
internal static class FlagCodes
{
    private static readonly (string Name, string Codes)[] Known =
    [
        ("AccessMask", "rd wr ex"), ("Read", "rd"), ("Write", "wr"), ("Execute", "ex"), ("Shared", "sh"), ("MayRead", "mr"), ("MayWrite", "mw"), ("MayExecute", "me"),
        ("MayShare", "ms"), ("GrowsDown", "gd"), ("Locked", "lo"), ("LockOnFault", "lf"), ("Account", "ac"), ("NoReserve", "nr"), ("DontExpand", "de"), ("DontCopy", "dc"),
        ("DontDump", "dd"), ("WipeOnFork", "wf"), ("HugePage", "hg"), ("NoHugePage", "nh"), ("Mergeable", "mg"), ("SequentialRead", "sr"), ("RandomRead", "rr"),
        ("Sync", "sf"), ("Droppable", "dp"), ("Sealed", "sl"), ("MayHaveGuards", "gu"), ("UserFault", "um"), ("Special", ""),
    ];

    /// <summary>The codes of some names, in the order in which the C runtime shows them; <c>no mapping</c> stays.</summary>
    /// <exception cref="NotSupportedException">There is no flag of such a name.</exception>
    internal static string Of(string names)
    {
        if (names == "no mapping")
            return names;
        string[] wanted = names.Split(", ");
        if (wanted.FirstOrDefault(name => !Known.Any(flag => flag.Name == name)) is { } unknown)
            throw new NotSupportedException($"smaps has no code for the flag '{unknown}'");
        return string.Join(' ', Known.Where(flag => wanted.Contains(flag.Name) && flag.Codes.Length != 0).Select(flag => flag.Codes));
    }
}
