namespace PageShift.SystemCalls;

/// <summary>The PROT_ bits that x86-64 does not have. Source: <c>arch/*/include/uapi/asm/mman.h</c> of Linux.</summary>
internal static class ForeignProtection
{
    /// <summary>arm64's PROT_BTI, and powerpc's PROT_SAO.</summary>
    internal const ulong BranchTargets = 0x10;

    /// <summary>arm64's PROT_MTE.</summary>
    internal const ulong MemoryTags = 0x20;

    /// <summary>All of them.</summary>
    internal const ulong All = BranchTargets | MemoryTags;
}
