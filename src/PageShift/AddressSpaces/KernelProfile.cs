using System.Globalization;

namespace PageShift.AddressSpaces;

/// <summary>Which Linux an address space follows: a release, and what that release has. What it has is data, so that a kernel that was
/// configured otherwise, or that has a change of a later one, can be described by <c>with</c>.</summary>
/// <remarks>Immutable. Sources: docs/linux-rules.md section 11; docs/kernels.md has what was measured on which kernel.</remarks>
public sealed record KernelProfile
{
    private KernelProfile(int major, int minor) => (Major, Minor) = (major, minor);

    /// <summary>Linux 6.18, which the engine follows unless it is told otherwise.</summary>
    public static KernelProfile Default { get; } = Of(6, 18);

    /// <summary>The first number of the release.</summary>
    public int Major { get; }

    /// <summary>The second number of the release.</summary>
    public int Minor { get; }

    /// <summary>mremap moves several mappings, and over holes between them, in one call (6.17). Without it a range that reaches past its first mapping is EFAULT.</summary>
    internal bool MovesSeveralMappings { get; init; }

    /// <summary>MREMAP_DONTUNMAP takes shared memory and files (5.13). Without it that is EINVAL.</summary>
    internal bool LeavesSharedMapped { get; init; }

    /// <summary>madvise knows MADV_GUARD_INSTALL and MADV_GUARD_REMOVE (6.13).</summary>
    internal bool HasGuardRegions { get; init; }

    /// <summary>smaps shows the flag <c>gu</c> of mappings that may have guard pages. Not a matter of the release alone.</summary>
    internal bool ShowsGuardFlag { get; init; }

    /// <summary>madvise knows MADV_POPULATE_READ and MADV_POPULATE_WRITE (5.14).</summary>
    internal bool HasPopulateAdvice { get; init; }

    /// <summary>madvise knows MADV_COLLAPSE (6.1).</summary>
    internal bool HasCollapse { get; init; }

    /// <summary>There is mseal (6.10). Without it that is ENOSYS.</summary>
    internal bool HasSeal { get; init; }

    /// <summary>mmap knows MAP_DROPPABLE (6.11). Without it that is EINVAL.</summary>
    internal bool HasDroppable { get; init; }

    /// <summary>Under MCL_FUTURE droppable memory is locked, as on 6.17.13 and 6.18.15. 6.12.117 and 6.18.44 only populate it. Found by asking a running kernel.</summary>
    internal bool LocksDroppable { get; init; }

    /// <summary>mremap that shrinks and moves charges by how much it shrinks against the commit limit, as if it grew (6.15). Without it nothing is charged.</summary>
    internal bool ChargesShrinking { get; init; }

    /// <summary>Private anonymous memory whose place is left open is aligned to 2 MiB where its length is a multiple of that (6.7).</summary>
    internal bool AlignsAnonymous { get; init; }

    /// <summary>A private mapping of /dev/zero is aligned as one of a file (6.18).</summary>
    internal bool AlignsZeroDevice { get; init; }

    /// <summary>Page tables that are freed are gathered in bundles of 509, with a flush for each (6.16, perhaps some earlier). Without it they cost one flush together.</summary>
    internal bool GathersTables { get; init; }

    /// <summary>Of a range that is registered with a userfaultfd no page table moves, only pages (6.13; stable releases of older ones have it too).</summary>
    internal bool KeepsWatchedTables { get; init; }

    /// <summary>A release of Linux as it was published.</summary>
    /// <param name="major">The first number, such as 6.</param>
    /// <param name="minor">The second number, such as 18.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static KernelProfile Of(int major, int minor)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(major);
        ArgumentOutOfRangeException.ThrowIfNegative(minor);
        var release = new KernelProfile(major, minor);
        return release with
        {
            LeavesSharedMapped = release.IsAtLeast(5, 13),
            HasPopulateAdvice = release.IsAtLeast(5, 14),
            HasCollapse = release.IsAtLeast(6, 1),
            AlignsAnonymous = release.IsAtLeast(6, 7),
            HasSeal = release.IsAtLeast(6, 10),
            HasDroppable = release.IsAtLeast(6, 11),
            HasGuardRegions = release.IsAtLeast(6, 13),
            KeepsWatchedTables = release.IsAtLeast(6, 13),
            ChargesShrinking = release.IsAtLeast(6, 15),
            GathersTables = release.IsAtLeast(6, 16),
            MovesSeveralMappings = release.IsAtLeast(6, 17),
            AlignsZeroDevice = release.IsAtLeast(6, 18),
            ShowsGuardFlag = release.IsAtLeast(6, 18),
        };
    }

    /// <summary>True when the release is <paramref name="major"/>.<paramref name="minor"/> or later.</summary>
    public bool IsAtLeast(int major, int minor) => Major > major || (Major == major && Minor >= minor);

    /// <summary>The two numbers, such as 6.18.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}
