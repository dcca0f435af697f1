using PageShift.PageTables;
using PageShift.Physical;

namespace PageShift.Mappings;

/// <summary>
/// The pages of a memory object that are in memory, by page number: a radix tree of 512 slots a node that is as high as its largest page number needs (like Linux's
/// xarray). Nodes are frames of the same physical memory, kept like page tables: each knows its live slots, and an empty one is freed at once.
/// Finding and adding cost at most six steps.
/// </summary>
/// <remarks>Not thread-safe: the memory object's lock guards it. Holds one reference to each frame.</remarks>
internal sealed class PageCache(PhysicalMemory memory)
{
    private const int IndexBits = 9;
    private const int SlotMask = (1 << IndexBits) - 1;

    private FrameNumber _root;
    private int _height;

    /// <summary>The frame of a page, or false when the page is not in memory.</summary>
    internal bool TryFind(ulong page, out FrameNumber frame)
    {
        frame = FrameNumber.None;
        if (!Reaches(page))
            return false;
        FrameNumber node = _root;
        for (int level = _height - 1; ; level--)
        {
            PageTableEntry slot = memory.Entry(node, SlotIndex(page, level));
            if (slot.IsNone)
                return false;
            node = slot.Frame;
            if (level == 0)
            {
                frame = node;
                return true;
            }
        }
    }

    /// <summary>Adds a page that is not there; the caller's reference to <paramref name="frame"/> becomes the cache's. False when memory is out; then nothing has
    /// changed.</summary>
    internal bool TryAdd(ulong page, FrameNumber frame)
    {
        if (!TryRaise(page))
            return false;
        FrameNumber node = _root;
        for (int level = _height - 1; level > 0; level--)
        {
            int index = SlotIndex(page, level);
            PageTableEntry slot = memory.Entry(node, index);
            if (slot.IsNone)
            {
                if (!memory.TryAllocateTable(out FrameNumber made))
                {
                    RemoveRange(page, page, PageRemoval.Release);
                    return false;
                }

                slot = PageTableEntry.ToTable(made);
                Fill(node, index, slot);
            }

            node = slot.Frame;
        }

        Fill(node, SlotIndex(page, 0), PageTableEntry.Leaf(frame, PageTableEntry.PresentBit));
        return true;
    }

    /// <summary>Removes the pages from <paramref name="first"/> to <paramref name="last"/> inclusive that are in memory, as <paramref name="removal"/> says.</summary>
    internal void RemoveRange(ulong first, ulong last, PageRemoval removal)
    {
        if (_height == 0 || !Reaches(first))
            return;
        last = Math.Min(last, Capacity(_height) - 1);
        RemoveRange(_root, _height - 1, first, last, removal);
        if (memory.LiveEntries(_root) != 0)
            return;
        memory.FreeTable(_root);
        _root = FrameNumber.None;
        _height = 0;
    }

    /// <summary>Adds one to the count of each frame in memory; returns the number of nodes.</summary>
    internal ulong CountReferences(Dictionary<ulong, uint> references) => _height == 0 ? 0 : CountReferences(_root, _height - 1, references);

    private ulong CountReferences(FrameNumber node, int level, Dictionary<ulong, uint> references)
    {
        ulong nodes = 1;
        for (int i = 0; i <= SlotMask; i++)
        {
            PageTableEntry slot = memory.Entry(node, i);
            if (slot.IsNone)
                continue;
            if (level != 0)
                nodes += CountReferences(slot.Frame, level - 1, references);
            else
                references[slot.Frame.Value] = references.GetValueOrDefault(slot.Frame.Value) + 1;
        }

        return nodes;
    }

    private void RemoveRange(FrameNumber node, int level, ulong first, ulong last, PageRemoval removal)
    {
        int from = SlotIndex(first, level);
        int to = SlotIndex(last, level);
        ulong below = level == 0 ? 0 : Capacity(level) - 1;
        for (int i = from; i <= to; i++)
        {
            PageTableEntry slot = memory.Entry(node, i);
            if (slot.IsNone)
                continue;
            if (level == 0)
            {
                if (!TryDrop(slot.Frame, removal))
                    continue;
            }
            else
            {
                RemoveRange(slot.Frame, level - 1, i == from ? first & below : 0, i == to ? last & below : below, removal);
                if (memory.LiveEntries(slot.Frame) != 0)
                    continue;
                memory.FreeTable(slot.Frame);
            }

            memory.Entry(node, i) = PageTableEntry.None;
            memory.AddLiveEntries(node, -1);
        }
    }

    private bool TryDrop(FrameNumber frame, PageRemoval removal)
    {
        if (removal == PageRemoval.ZeroIfMapped && memory.References(frame) != 1)
        {
            if (!memory.IsBytesFree)
                memory.Bytes(frame).Clear();
            return false;
        }

        if (removal == PageRemoval.ReleaseZeroes && (memory.References(frame) != 1 || !IsZero(frame)))
            return false;
        memory.Release(frame);
        return true;
    }

    private bool IsZero(FrameNumber frame) => memory.IsBytesFree || !memory.Bytes(frame).ContainsAnyExcept((byte)0);

    /// <summary>Makes the tree high enough for a page; a higher tree with the same pages is no change.</summary>
    private bool TryRaise(ulong page)
    {
        while (!Reaches(page))
        {
            if (!memory.TryAllocateTable(out FrameNumber root))
                return false;
            if (_height != 0)
            {
                Fill(root, 0, PageTableEntry.ToTable(_root));
                _height++;
            }
            else
            {
                while (!Reaches(page))
                    _height++;
            }

            _root = root;
        }

        return true;
    }

    private bool Reaches(ulong page) => page < Capacity(_height);

    private static ulong Capacity(int height) => height == 0 ? 0 : 1UL << (IndexBits * height);

    private static int SlotIndex(ulong page, int level) => (int)(page >> (IndexBits * level)) & SlotMask;

    private void Fill(FrameNumber node, int index, PageTableEntry slot)
    {
        memory.Entry(node, index) = slot;
        memory.AddLiveEntries(node, 1);
    }
}

/// <summary>What becomes of a page that is removed from a <see cref="PageCache"/>.</summary>
internal enum PageRemoval
{
    /// <summary>The cache drops its reference.</summary>
    Release,

    /// <summary>A page that is mapped stays and is zeroed, so that all its mappings see the hole; others are dropped.</summary>
    ZeroIfMapped,

    /// <summary>A page that nothing maps and that is zero is dropped; others stay as they are.</summary>
    ReleaseZeroes,
}
