using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>A four-level page table as one writes it in C# without thinking of speed: arrays of arrays. A yardstick.</summary>
internal sealed class JaggedPageTable
{
    private const int IndexBits = 9;
    private const int Mask = (1 << IndexBits) - 1;
    private const ulong Present = 1;

    private readonly ulong[]?[]?[]?[] _root = new ulong[]?[]?[]?[1 << IndexBits];

    /// <summary>Maps a page to a frame.</summary>
    internal void Map(ulong address, ulong frame)
    {
        ulong[]?[]?[] third = _root[Index(address, 3)] ??= new ulong[]?[]?[1 << IndexBits];
        ulong[]?[] second = third[Index(address, 2)] ??= new ulong[]?[1 << IndexBits];
        ulong[] first = second[Index(address, 1)] ??= new ulong[1 << IndexBits];
        first[Index(address, 0)] = (frame << PageSize.Shift) | Present;
    }

    /// <summary>The physical address behind a virtual one; false when there is none.</summary>
    internal bool TryTranslate(ulong address, out ulong physical)
    {
        physical = 0;
        if (_root[Index(address, 3)] is not { } third || third[Index(address, 2)] is not { } second || second[Index(address, 1)] is not { } first)
            return false;
        ulong entry = first[Index(address, 0)];
        if ((entry & Present) == 0)
            return false;
        physical = (entry & ~(PageSize.Bytes - 1)) | (address & (PageSize.Bytes - 1));
        return true;
    }

    private static int Index(ulong address, int level) => (int)(address >> (PageSize.Shift + (level * IndexBits))) & Mask;
}
