using PageShift.Physical;
using PageShift.Units;

namespace PageShift.PageTables;

internal static partial class TableMemory
{
    /// <summary>Releases the frames of all mapped 4 KiB entries in <paramref name="entries"/>, under one lock. Frames that follow one another and have no other reference go
    /// together.</summary>
    internal static void ReleaseMapped(this PhysicalMemory memory, ReadOnlySpan<PageTableEntry> entries)
    {
        using PhysicalMemory.FrameBatch batch = memory.EnterBatch();
        for (int i = 0; PageTableTree.IndexOfLive(entries[i..]) is >= 0 and int live;)
        {
            i += live;
            if (!entries[i].IsMapped)
            {
                i++;
                continue;
            }

            FrameNumber first = entries[i].Frame;
            int run = CountSuccessive(entries[i..]);
            for (int released = 0; released < run;)
                released += batch.Release(first + (ulong)released, run - released);
            i += run;
        }
    }

    /// <summary>Fills the empty slots among <paramref name="slots"/> with leaves of fresh zeroed frames and <paramref name="bits"/>. False when
    /// memory is out after <paramref name="filled"/> slots.</summary>
    internal static bool TryFill(this PhysicalMemory memory, Span<PageTableEntry> slots, ulong bits, out int filled)
    {
        filled = 0;
        while (PageTableTree.IndexOfEmpty(slots) is >= 0 and int first)
        {
            slots = slots[first..];
            int live = PageTableTree.IndexOfLive(slots);
            int empty = live < 0 ? slots.Length : live;
            bool isFilled = memory.TryFillEmpty(slots[..empty], bits, out int done);
            filled += done;
            if (!isFilled)
                return false;
            slots = slots[empty..];
        }

        return true;
    }

    /// <summary>The same for slots that are all empty, under one lock as long as the frames are zero already: the first <paramref name="filled"/> of them are filled.</summary>
    internal static bool TryFillEmpty(this PhysicalMemory memory, Span<PageTableEntry> slots, ulong bits, out int filled)
    {
        for (filled = 0; filled < slots.Length;)
        {
            int used = 0; // how many frames of the last run hold what somebody has left in them
            using (PhysicalMemory.FrameBatch batch = memory.EnterBatch())
            {
                while (used == 0 && filled < slots.Length)
                {
                    int run = batch.Allocate(slots.Length - filled, out FrameNumber first, out bool isZero);
                    if (run == 0)
                        return false;
                    FillSuccessive(slots.Slice(filled, run), first, bits);
                    filled += run;
                    used = isZero ? 0 : run;
                }
            }

            foreach (PageTableEntry leaf in slots[(filled - used)..filled])
                memory.Bytes(leaf.Frame).Clear();
        }

        return true;
    }
}
