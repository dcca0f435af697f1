using System.Runtime.CompilerServices;
using PageShift.AddressSpaces;
using PageShift.PageTables;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Tests.ForeignMmu;

/// <summary>A space under test, and what its tables say of an access by the rules of the processor.</summary>
internal sealed record CheckedSpace(AddressSpace Space, PageTableTree Tables, VirtualProcessor Processor)
{
    // The error code of a page fault: Intel SDM volume 3A, figure 5-12.
    private const ulong Present = 1 << 0;
    private const ulong Write = 1 << 1;
    private const ulong User = 1 << 2;
    private const ulong InstructionFetch = 1 << 4;

    /// <summary>A space's page tables, for what no call can put there.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_tables")]
    internal static extern ref readonly PageTableTree TablesOf(AddressSpace space);

    /// <summary>True when the tables let an access through.</summary>
    internal bool Allows(VirtualAddress address, AccessKind kind) => Leaf(address) is { IsPresent: true } leaf && kind switch
    {
        AccessKind.Read => true,
        AccessKind.Write => leaf.IsWritable,
        _ => !leaf.IsNoExecute,
    };

    /// <summary>The error code of an access that the tables do not let through.</summary>
    internal ulong ErrorCode(VirtualAddress address, AccessKind kind) => User
        | (Leaf(address).IsPresent ? Present : 0)
        | (kind == AccessKind.Write ? Write : 0)
        | (kind == AccessKind.Execute ? InstructionFetch : 0);

    /// <summary>True when the bits that the tables do not translate repeat the highest that they do.</summary>
    internal bool IsCanonical(VirtualAddress address)
    {
        int unused = Space.Geometry.Levels == PagingGeometry.MaximumLevels ? 7 : 16;
        return (ulong)((long)(address.Value << unused) >> unused) == address.Value;
    }

    private PageTableEntry Leaf(VirtualAddress address) => address < Space.Geometry.UserLimit ? Tables.Walk(address).Entry : PageTableEntry.None;
}
