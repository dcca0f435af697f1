namespace PageShift.Verification.Oracle;

/// <summary>Whether something stands in the page table's slot for a page.</summary>
internal enum OraclePresence
{
    /// <summary>Nothing does. (The oracle keeps no entry for such a page.)</summary>
    Absent,

    /// <summary>A leaf does.</summary>
    Present,

    /// <summary>A leaf may: the rules that decide are about neighbours (fault-around, large pages, what fork copies) and are checked elsewhere.</summary>
    Unknown,

    /// <summary>A guard marker does.</summary>
    Guard,
}

/// <summary>What the oracle knows of a page that was touched.</summary>
/// <param name="Presence">Whether a leaf is there.</param>
/// <param name="IsOwn">True for a private copy; else the page shows its object, or zeroes.</param>
/// <param name="Stamp">What a private copy holds.</param>
internal readonly record struct OraclePage(OraclePresence Presence, bool IsOwn = false, ulong Stamp = 0);
