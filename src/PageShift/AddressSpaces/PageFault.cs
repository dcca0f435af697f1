using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>One page that is to be faulted in, and what is known about it.</summary>
/// <param name="Handle">The mapping that contains it.</param>
/// <param name="Mapping">The same, as it is now.</param>
/// <param name="Page">The page's first address.</param>
/// <param name="IsWrite">True for a write, which the mapping allows.</param>
/// <param name="IsExclusive">True when the mapping lock is held exclusively, so that a translation may be replaced.</param>
internal readonly record struct PageFault(MappingHandle Handle, Mapping Mapping, VirtualAddress Page, bool IsWrite, bool IsExclusive)
{
    internal bool IsShared => (Mapping.Flags & VmFlags.Shared) != 0;

    /// <summary>True when the page, until it is written, is a page of an object. (/dev/zero, mapped privately, is anonymous memory.)</summary>
    internal bool IsOfObject => Mapping.File is { } file && (IsShared || file.Object.Kind != MemoryObjectKind.ZeroDevice);

    /// <summary>The page's number in the object.</summary>
    internal ulong PageInObject => Mapping.PageOffsetAt(Page).Value;
}

/// <summary>The pages of an object around a fault that were found in memory. Each has a reference that its leaf takes over.</summary>
internal struct NeighbourPages
{
    /// <summary>How many there are at most.</summary>
    internal const int Most = 16;

    /// <summary>The slot, in its table, of the first page that was looked for.</summary>
    internal int First;

    /// <summary>A bit for each page that was found.</summary>
    internal uint Found;

    private FrameList _frames;

    /// <summary>The frames of those that were found, in the order of the slots.</summary>
    [UnscopedRef]
    internal Span<FrameNumber> Frames => _frames;

    [InlineArray(Most)]
    private struct FrameList
    {
        private FrameNumber _first;
    }
}

/// <summary>How resolving a fault ended.</summary>
/// <param name="Fault">The reason why the access fails, or none.</param>
/// <param name="NeedsExclusive">True when nothing was done because it takes the mapping lock exclusively.</param>
internal readonly record struct FaultResult(Translation.AccessFault Fault, bool NeedsExclusive = false)
{
    /// <summary>The fault must be resolved again under the exclusive lock.</summary>
    internal static FaultResult Escalate => new(Translation.AccessFault.None, NeedsExclusive: true);

    public static implicit operator FaultResult(Translation.AccessFault fault) => new(fault);
}
