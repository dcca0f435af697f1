namespace PageShift.Verification.Conformance;

/// <summary>The release of Linux since which a case holds: by the flags and calls that it uses. Source: the manual pages and the kernel's history, for each name.</summary>
internal static class ReleaseNeeds
{
    private static readonly (string Word, int Major, int Minor)[] Features =
    [
        ("mlock2(", 4, 4), ("#userfaultfd", 4, 14), ("pkey_mprotect(", 4, 9), ("MADV_WIPEONFORK", 4, 14), ("MADV_KEEPONFORK", 4, 14), ("MAP_SHARED_VALIDATE", 4, 15), ("MAP_SYNC", 4, 15),
        ("MAP_FIXED_NOREPLACE", 4, 17), ("MADV_COLD", 5, 4), ("MADV_PAGEOUT", 5, 4), ("MREMAP_DONTUNMAP", 5, 7), ("MADV_POPULATE_READ", 5, 14),
        ("MADV_POPULATE_WRITE", 5, 14), ("memfd_secret(", 5, 14), ("MADV_DONTNEED_LOCKED", 5, 18), ("MADV_COLLAPSE", 6, 1), ("PR_SET_MDWE", 6, 3), ("PR_MDWE_NO_INHERIT", 6, 6), ("mseal(", 6, 10), ("MAP_DROPPABLE", 6, 11),
        ("0x8|MAP_ANONYMOUS", 6, 11), ("0x8 /* MAP_??? */|MAP_ANONYMOUS", 6, 11), ("MADV_GUARD_INSTALL", 6, 13), ("MADV_GUARD_REMOVE", 6, 13), ("PR_THP_DISABLE_EXCEPT_ADVISED", 6, 18),
    ];

    /// <summary>The release as one number: 613 is 6.13; 0 for any.</summary>
    internal static int Of(ConformanceCase one)
    {
        int needed = Features.Where(feature => one.Text.Contains(feature.Word, StringComparison.Ordinal)).Select(feature => Number(feature.Major, feature.Minor)).DefaultIfEmpty().Max();
        return one.Directive("#since") is { } since && Version.TryParse(since, out Version? release) ? Math.Max(needed, Number(release.Major, release.Minor)) : needed;
    }

    private static int Number(int major, int minor) => (major * 100) + minor;
}
