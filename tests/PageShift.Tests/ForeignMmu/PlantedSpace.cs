using System.Runtime.InteropServices;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.ForeignMmu;

/// <summary>A space with entries set by hand, for what the calls do not leave behind: leaves of 1 GiB, markers of swapped pages, and leaves not accessed and not dirty yet.</summary>
internal sealed class PlantedSpace : IDisposable
{
    private const ulong Leaf = PageTableEntry.PresentBit | PageTableEntry.UserBit;

    private readonly MemoryObject _reserved;
    private readonly Random _random;

    internal PlantedSpace(PagingGeometry geometry, MovePolicy policy, Random random)
    {
        (Memory, _reserved) = WalkCheck.NewArena();
        _random = random;
        Space = new AddressSpace(Memory, new AddressSpaceOptions { Geometry = geometry, Policy = policy });
        Processor = Space.CreateProcessor();
    }

    internal PhysicalMemory Memory { get; }

    internal AddressSpace Space { get; }

    internal VirtualProcessor Processor { get; }

    private PageTableTree Tables => CheckedSpace.TablesOf(Space);

    public void Dispose()
    {
        Processor.Dispose();
        Space.Dispose();
        _reserved.Dispose();
        Memory.Dispose();
    }

    /// <summary>Checks the engine's invariants.</summary>
    internal void Verify() => AddressSpace.VerifyAll([Space], [_reserved]);

    /// <summary>Maps a range in which entries are to be planted.</summary>
    internal AddressRange Map(ulong start, ulong length)
    {
        var range = new AddressRange(new VirtualAddress(start), new ByteLength(length));
        Assert.False(Space.Map(range.Start, range.Length, Protection.Read | Protection.Write | Protection.Execute, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed).IsError);
        return range;
    }

    /// <summary>Plants a leaf with fresh frames, each word of which holds another value that is code without effect; of 1 GiB only the frames at the ends of each 2 MiB.</summary>
    internal void PlantLeaf(ulong at, PageTableLevel level, ulong bits)
    {
        Assert.True(level == PageTableLevel.Pte
            ? Memory.TryAllocateFrame(zeroed: true, out FrameNumber first)
            : Memory.TryAllocateContiguous(Space.Geometry.IndexBits(PageTableLevel.Pte) * (int)level, zeroed: true, out first));
        ulong inBlock = Space.Geometry.FramesPerLeaf(PageTableLevel.Pmd);
        for (ulong i = 0; i < Space.Geometry.FramesPerLeaf(level); i++)
        {
            if (level <= PageTableLevel.Pmd || i % inBlock == 0 || i % inBlock == inBlock - 1)
                Stamp(first + i);
        }

        Plant(at, level, PageTableEntry.Leaf(first, Leaf | bits | (level == PageTableLevel.Pte ? 0 : PageTableEntry.LargeBit)));
    }

    /// <summary>Plants an entry as it is.</summary>
    internal void Plant(ulong at, PageTableLevel level, PageTableEntry entry)
    {
        var address = new VirtualAddress(at);
        Assert.True(Tables.TryMakeTable(address, level, out FrameNumber table));
        Tables.Set(table, Space.Geometry.Index(address, level), entry);
    }

    /// <summary>Plants an entry of a random sort in most pages of a range.</summary>
    internal void PlantPages(AddressRange range)
    {
        for (ulong at = range.Start.Value; at < range.End.Value; at += PageSize.Bytes)
        {
            switch (_random.Next(8))
            {
                case 0:
                    break;
                case 1:
                    Plant(at, PageTableLevel.Pte, PageTableEntry.Swap((ulong)_random.NextInt64(1L << 40)));
                    break;
                case 2:
                    Plant(at, PageTableLevel.Pte, PageTableEntry.Guard);
                    break;
                default:
                    PlantLeaf(at, PageTableLevel.Pte, RandomBits());
                    break;
            }
        }
    }

    /// <summary>Any of writable, no-execute, accessed, and dirty.</summary>
    internal ulong RandomBits()
    {
        ulong bits = 0;
        foreach (ulong bit in new[] { PageTableEntry.WritableBit, PageTableEntry.NoExecuteBit, PageTableEntry.AccessedBit, PageTableEntry.DirtyBit })
            bits |= _random.Next(2) == 0 ? bit : 0;
        return bits;
    }

    private void Stamp(FrameNumber frame)
    {
        const ulong Nops = 0x9090;
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(Memory.Bytes(frame));
        for (int i = 0; i < words.Length; i++)
            words[i] = (((frame.Value * (ulong)words.Length) + (ulong)i) << 16) | Nops;
    }
}
