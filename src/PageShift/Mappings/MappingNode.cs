using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>One slot of a <see cref="MappingTree"/>'s pool: a mapping, its links, and what the tree knows of the
/// subtree below it. Indices are slots of the same pool; 0 is none.</summary>
internal struct MappingNode
{
    /// <summary>The first address.</summary>
    public VirtualAddress Start;

    /// <summary>The first address after the mapping.</summary>
    public VirtualAddress End;

    /// <summary>The place in the object of the first page.</summary>
    public PageCount PageOffset;

    /// <summary>An <see cref="AnonIdentity"/> packed in one word. A fault may set it from 0 under the shared lock.</summary>
    public ulong Anon;

    /// <summary>A bound of the gaps in the subtree: no <see cref="MappingTree.GapBefore"/> of its nodes is larger.</summary>
    public ByteLength MaxGap;

    /// <summary>The open file shown, or null.</summary>
    public OpenFile? File;

    /// <summary>The flags.</summary>
    public VmFlags Flags;

    /// <summary>The subtree of lower addresses.</summary>
    public int Left;

    /// <summary>The subtree of higher addresses.</summary>
    public int Right;

    /// <summary>The node above, or 0 at the root.</summary>
    public int Parent;

    /// <summary>The neighbour of lower address.</summary>
    public int Previous;

    /// <summary>The neighbour of higher address; in a free slot, the next free slot.</summary>
    public int Next;

    /// <summary>How often the slot has been given back.</summary>
    public uint Generation;

    /// <summary>The nodes on the longest way down from here, this one included; 0 in a free slot.</summary>
    public byte Height;
}
