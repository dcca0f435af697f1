using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using PageShift.Verification.Oracle;
using Xunit;

namespace PageShift.Tests.AllocationFailure;

/// <summary>A space with something of every kind in it, each touched page with content of its own, whose memory can be made to run out.</summary>
internal sealed class ShortSpace : IDisposable
{
    internal const ulong Mega = 1UL << 20;
    internal const ulong Page = PageSize.Bytes;

    /// <summary>Private memory across a boundary of tables: 2 MiB from the middle of a block.</summary>
    internal const ulong Small = (4UL << 30) + Mega;

    /// <summary>The same behind a hole, for what covers several mappings.</summary>
    internal const ulong Next = Small + (2 * Mega) + (16 * Page);

    /// <summary>Three large pages.</summary>
    internal const ulong Large = (4UL << 30) + (16 * Mega);

    /// <summary>Shared memory.</summary>
    internal const ulong Shared = (4UL << 30) + (32 * Mega);

    /// <summary>What stands where things move to.</summary>
    internal const ulong Destination = (6UL << 30) + Mega;

    /// <summary>The end of a stack.</summary>
    internal const ulong StackEnd = 7UL << 30;

    internal const ulong SmallLength = 2 * Mega;
    internal const ulong NextLength = 8 * Page;
    internal const ulong LargeLength = 6 * Mega;
    internal const ulong SharedLength = 8 * Page;

    private const Protection ReadWrite = Protection.Read | Protection.Write;
    private const MapFlags Fixed = MapFlags.Anonymous | MapFlags.Fixed;

    private readonly Dictionary<ulong, ulong> _stamps = [];
    private readonly byte[] _page = new byte[Page];
    private readonly List<AddressSpace> _children = [];

    internal ShortSpace(MovePolicy policy)
    {
        Space = new AddressSpace(Memory, new AddressSpaceOptions { Policy = policy });
        Map(Small, SmallLength, MapFlags.Private);
        Map(Next, NextLength, MapFlags.Private);
        Map(Large, LargeLength, MapFlags.Private);
        Done(Space.Advise(new VirtualAddress(Large), new ByteLength(LargeLength), Advice.HugePage));
        Map(Shared, SharedLength, MapFlags.Shared);
        Map(Destination, SmallLength, MapFlags.Private);
        Map(StackEnd - (2 * Page), 2 * Page, MapFlags.Private | MapFlags.GrowsDown);
        foreach (ulong at in (ulong[])[Small, Small + Page, Small + Mega - Page, Small + Mega, Small + SmallLength - Page, Next, Next + (7 * Page), Shared, Shared + (2 * Page), Destination, Destination + Mega, StackEnd - Page])
            Stamp(at);
        for (ulong at = Large; at < Large + LargeLength; at += Mega)
            Stamp(at);
    }

    internal PhysicalMemory Memory { get; } = new(new PhysicalMemoryOptions { CapacityBytes = 64 * Mega });

    internal AddressSpace Space { get; }

    /// <summary>The pages with content, and what stands in them.</summary>
    internal IReadOnlyDictionary<ulong, ulong> Stamps => _stamps;

    public void Dispose()
    {
        foreach (AddressSpace child in _children)
            child.Dispose();
        Space.Dispose();
        Memory.Dispose();
    }

    /// <summary>Forks; the child lives as long as the space.</summary>
    internal string Fork()
    {
        if (!Space.TryFork(out AddressSpace? child))
            return ErrnoName.Of(Errno.OutOfMemory);
        _children.Add(child);
        return "done";
    }

    /// <summary>Fills a page with content of its own.</summary>
    internal void Stamp(ulong page)
    {
        ulong stamp = (page << 4) | 0xb7;
        PageStamp.Fill(_page, stamp);
        Assert.Equal(AccessFault.None, Space.TryWrite(new VirtualAddress(page), _page, out _));
        _stamps[page] = stamp;
    }

    /// <summary>Checks the invariants of all spaces on the memory.</summary>
    internal void Verify() => AddressSpace.VerifyAll([Space, .. _children], []);

    /// <summary>True when the page at an address has the content of the page that was at another.</summary>
    internal bool Holds(ulong address, ulong contentOf) =>
        Space.TryRead(new VirtualAddress(address), _page, out _) == AccessFault.None && PageStamp.Matches(_page, _stamps[contentOf]);

    /// <summary>What is mapped, with neighbours that are alike as one: splits do not show.</summary>
    internal List<(ulong Start, ulong End, VmFlags Flags)> Mapped()
    {
        var mapped = new List<(ulong Start, ulong End, VmFlags Flags)>();
        foreach (Mapping mapping in Space.GetMappings())
        {
            if (mapped.Count != 0 && mapped[^1] is var last && last.End == mapping.Start.Value && last.Flags == mapping.Flags)
                mapped[^1] = last with { End = mapping.End.Value };
            else
                mapped.Add((mapping.Start.Value, mapping.End.Value, mapping.Flags));
        }

        return mapped;
    }

    internal CallResult Map(ulong start, ulong length, MapFlags flags, Protection protection = ReadWrite) =>
        Space.Map(new VirtualAddress(start), new ByteLength(length), protection, flags | Fixed);

    internal static void Done(CallResult result) => Assert.False(result.IsError, result.ToString());
}
