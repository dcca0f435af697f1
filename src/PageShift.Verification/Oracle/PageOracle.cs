using PageShift.Abi;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Verification.Oracle;

/// <summary>
/// A naive model of an address space: a dictionary from page to what it holds, and a list of what is mapped. It moves page by page, knows no page table, no tree, no
/// TLB and no reference count, and shares no code with the engine.
/// </summary>
/// <remarks>
/// It predicts results, content and, where the rules of single pages determine it, presence. Two things are not its affair and are told to it: the address that a call
/// was free to choose (it checks that the choice is allowed), and where the mappings begin and end that the merge rules have made (<see cref="ExtentAt"/>).
/// Limits of resources and of memory are not modelled. Not thread-safe.
/// </remarks>
internal sealed partial class PageOracle
{
    /// <summary>Fault-around maps pages of an object in the same block of 16.</summary>
    private const ulong FaultAroundReach = 15 * PageSize.Bytes;

    private readonly OracleLayout _layout;
    private readonly OracleRegions _regions = new();
    private readonly Dictionary<ulong, OraclePage> _pages = [];

    // All that descend from one by fork, which is who may show one object; those that have exited do no harm here.
    private readonly List<PageOracle> _family;
    private ulong _break;

    internal PageOracle(OracleLayout layout) : this(layout, [])
    {
    }

    private PageOracle(OracleLayout layout, List<PageOracle> family)
    {
        _layout = layout;
        _break = layout.BreakStart;
        _family = family;
        family.Add(this);
    }

    /// <summary>Tells the start and end of the mapping at an address, as the merge rules made it, or null where nothing is mapped.</summary>
    internal required Func<ulong, (ulong Start, ulong End)?> ExtentAt { get; init; }

    /// <summary>What is mapped.</summary>
    internal IReadOnlyList<OracleRegion> Regions => _regions.All;

    /// <summary>The pages that were touched and not dropped.</summary>
    internal IReadOnlyDictionary<ulong, OraclePage> Pages => _pages;

    /// <summary>What is known of the page at <paramref name="address"/>.</summary>
    internal OraclePage PageAt(ulong address) => _pages.GetValueOrDefault(address);

    /// <summary>The region at <paramref name="address"/>, or null.</summary>
    internal OracleRegion? RegionAt(ulong address) => _regions.Find(address);

    /// <summary>What the page at <paramref name="address"/> holds, or would hold once it is read. Something must be mapped there.</summary>
    internal ulong Content(ulong address)
    {
        OraclePage page = PageAt(address);
        if (page.IsOwn)
            return page.Stamp;
        OracleRegion region = _regions.Find(address) ?? throw new ArgumentException("Nothing is mapped there.", nameof(address));
        return region.Object?.Read(region.ObjectPageAt(address)) ?? 0;
    }

    /// <summary>Reads or writes the page at <paramref name="address"/>: what a processor's access to it does.</summary>
    internal AccessFault Access(ulong address, bool isWrite)
    {
        ulong at = address & ~(PageSize.Bytes - 1);
        if (_regions.Find(at) is not { } region)
            return AccessFault.NotMapped;
        if ((region.Flags & (isWrite ? VmFlags.Write : VmFlags.AccessMask)) == 0)
            return AccessFault.NotPermitted;
        OraclePage page = PageAt(at);
        if (page.Presence == OraclePresence.Guard)
            return AccessFault.GuardPage;
        if (page.IsOwn)
            return AccessFault.None;
        if (region.Object is { } memory && region.ObjectPageAt(at) >= memory.Pages)
        {
            BringInNeighbours(region, at, isWrite); // the fault fails, but what is around it comes in all the same
            return AccessFault.BeyondObject;
        }

        if (page.Presence != OraclePresence.Present)
            BringInNeighbours(region, at, isWrite);
        bool copies = isWrite && !region.IsShared;
        _pages[at] = new OraclePage(OraclePresence.Present, copies, copies ? Content(at) : 0);
        return AccessFault.None;
    }

    /// <summary>Fills the page at <paramref name="address"/>, if it may be written.</summary>
    internal AccessFault Write(ulong address, ulong stamp)
    {
        AccessFault fault = Access(address, isWrite: true);
        if (fault != AccessFault.None)
            return fault;
        OracleRegion region = _regions.Find(address)!.Value;
        if (region.IsShared)
            region.Object!.Write(region.ObjectPageAt(address), stamp);
        else
            _pages[address] = new OraclePage(OraclePresence.Present, IsOwn: true, stamp);
        return AccessFault.None;
    }

    /// <summary>fork: a copy for a child. Objects are shared; private pages are two from now on.</summary>
    internal PageOracle Fork(Func<ulong, (ulong Start, ulong End)?> extentAt)
    {
        var child = new PageOracle(_layout, _family) { ExtentAt = extentAt };
        child._break = _break;
        foreach (OracleRegion region in _regions.All)
        {
            if (region.Flags.HasFlag(VmFlags.DontCopy))
                continue;
            child._regions.Add(region with { Flags = region.Flags & ~VmFlags.Locked });
            if (region.Flags.HasFlag(VmFlags.WipeOnFork))
                continue;
            foreach (ulong at in PagesIn(region.Start, region.End))
            {
                OraclePage page = _pages[at];
                bool isSure = page.IsOwn || page.Presence == OraclePresence.Guard;
                child._pages[at] = isSure ? page : new OraclePage(OraclePresence.Unknown);
            }
        }

        return child;
    }

    private ulong[] PagesIn(ulong start, ulong end) => [.. _pages.Keys.Where(at => at >= start && at < end).Order()];

    private void DropPages(ulong start, ulong end, bool keepsGuards)
    {
        foreach (ulong at in PagesIn(start, end))
        {
            if (!keepsGuards || _pages[at].Presence != OraclePresence.Guard)
                _pages.Remove(at);
        }
    }

    private void Unmap(ulong start, ulong end)
    {
        _regions.Remove(start, end);
        DropPages(start, end, keepsGuards: false);
    }

    /// <summary>What a fault may bring in besides its own page: the pages around it of an object, and the rest of a large page.</summary>
    private void BringInNeighbours(in OracleRegion region, ulong at, bool isWrite)
    {
        if (!region.IsAnonymous && !isWrite)
            Suspect(Math.Max(region.Start, at - Math.Min(at, FaultAroundReach)), Math.Min(region.End, at + FaultAroundReach + PageSize.Bytes));
        if (region.IsAnonymous && region.Flags.HasFlag(VmFlags.HugePage))
            SuspectBlock(region, at);
    }

    private void SuspectBlock(in OracleRegion region, ulong at)
    {
        ulong block = at & ~(_layout.LargePageBytes - 1);
        if (block >= region.Start && block + _layout.LargePageBytes <= region.End)
            Suspect(block, block + _layout.LargePageBytes);
    }

    private void Suspect(ulong start, ulong end)
    {
        for (ulong at = start; at < end; at += PageSize.Bytes)
            _pages.TryAdd(at, new OraclePage(OraclePresence.Unknown));
    }

    /// <summary>Brings in pages one by one, until one can't be. For mmap, mlock and mremap: a write where memory is private and writable, else a read.</summary>
    private AccessFault Populate(in OracleRegion part, bool? isWrite = null)
    {
        bool writes = isWrite ?? (part.Flags & (VmFlags.Write | VmFlags.Shared)) == VmFlags.Write;
        for (ulong at = part.Start; at < part.End; at += PageSize.Bytes)
        {
            AccessFault fault = Access(at, writes);
            if (fault != AccessFault.None)
                return fault;
        }

        return AccessFault.None;
    }

    private void PopulateAll(ulong start, ulong end)
    {
        foreach (OracleRegion part in _regions.In(start, end))
            Populate(part);
    }

    private static bool IsAligned(ulong value) => (value & (PageSize.Bytes - 1)) == 0;

    private static ulong RoundUp(ulong length) => unchecked(length + (PageSize.Bytes - 1)) & ~(PageSize.Bytes - 1);
}

/// <summary>The addresses of a space: where user space ends, what a call that chooses an address may choose, where the heap begins, and how long a large page is.</summary>
internal readonly record struct OracleLayout(ulong UserLimit, ulong Minimum, ulong MmapBase, ulong BreakStart, ulong LargePageBytes);
