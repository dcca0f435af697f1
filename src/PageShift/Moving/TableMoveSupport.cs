using PageShift.PageTables;

namespace PageShift.Moving;

/// <summary>Which releases of Linux move whole entries on a processor: it has to say that it can (HAVE_MOVE_PMD and HAVE_MOVE_PUD in Kconfig). Sources: docs/linux-rules.md.</summary>
/// <param name="Pmds">The first policy that moves PMD entries that point to tables; null for none.</param>
/// <param name="Puds">The first policy that moves PUD entries that point to tables; null for none.</param>
internal sealed record TableMoveSupport(MovePolicy? Pmds, MovePolicy? Puds)
{
    /// <summary>x86, of 32 and 64 bits: HAVE_MOVE_PMD with 5.0, HAVE_MOVE_PUD with 5.11.</summary>
    internal static TableMoveSupport X86 { get; } = new(MovePolicy.Linux50, MovePolicy.Linux511);

    /// <summary>arm64: both with 5.11.</summary>
    internal static TableMoveSupport Arm64 { get; } = new(MovePolicy.Linux511, MovePolicy.Linux511);

    /// <summary>riscv, and powerpc with the radix tables: both with 5.14, so of the policies from 6.7 on.</summary>
    internal static TableMoveSupport SinceLinux514 { get; } = new(MovePolicy.Linux67, MovePolicy.Linux67);

    /// <summary>Processors whose Linux moves page by page.</summary>
    internal static TableMoveSupport None { get; } = new(null, null);

    /// <summary>The highest level whose entries are moved whole under a policy of Linux.</summary>
    internal PageTableLevel HighestUnder(MovePolicy policy)
    {
        if (policy >= Puds)
            return PageTableLevel.Pud;
        return policy >= Pmds ? PageTableLevel.Pmd : PageTableLevel.Pte;
    }
}
