using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.ForeignMmu;

/// <summary>That the comparison can fail: the guest gets a memory in which one thing is not as the engine has it.</summary>
public sealed class AlteredTableTests
{
    private const ulong Start = 1UL << 30;
    private const ulong Pages = 16;
    private const ulong ReadOnlyPage = 5;
    private const ulong MarkerPage = 6;

    [Theory]
    [InlineData(PageTableEntry.PresentBit)]
    [InlineData(PageTableEntry.WritableBit)]
    [InlineData(PageTableEntry.UserBit)]
    [InlineData(PageTableEntry.NoExecuteBit)]
    [InlineData(1UL << 12)]
    [InlineData(1UL << 40)]
    public void A_leaf_with_another_bit_is_noticed(ulong bit) => AssertNoticed(ReadOnlyPage, bit);

    [Theory]
    [InlineData(PageTableEntry.DirtyBit)]
    [InlineData(1UL << 9)]
    public void A_bit_that_changes_no_access_is_noticed_in_the_memory_afterwards(ulong bit) => Assert.Contains("(a table)", AssertNoticed(ReadOnlyPage, bit));

    [Fact]
    public void A_marker_that_maps_is_noticed() => AssertNoticed(MarkerPage, PageTableEntry.PresentBit);

    [Fact]
    public void A_page_with_another_byte_is_noticed()
    {
        Guest.OrSkip();
        using PlantedSpace planted = Plant();
        PageTableEntry leaf = CheckedSpace.TablesOf(planted.Space).Walk(PageAt(ReadOnlyPage)).Entry;
        Assert.Contains("(data)", Compare(planted, guest => Flip(guest, (leaf.Frame.Value << PageSize.Shift) + 4088, 1UL << 63)));
    }

    [Fact]
    public void Nothing_altered_is_no_difference()
    {
        Guest.OrSkip();
        using PlantedSpace planted = Plant();
        Assert.Null(Compare(planted, _ => { }));
    }

    private static string AssertNoticed(ulong page, ulong bit)
    {
        Guest.OrSkip();
        using PlantedSpace planted = Plant();
        PageTableWalk walk = CheckedSpace.TablesOf(planted.Space).Walk(PageAt(page));
        string? difference = Compare(planted, guest => Flip(guest, (walk.Table.Value << PageSize.Shift) + ((ulong)walk.Index * sizeof(ulong)), bit));
        Assert.NotNull(difference);
        return difference;
    }

    private static PlantedSpace Plant()
    {
        var planted = new PlantedSpace(PagingGeometry.X86, MovePolicy.PageShift, new Random(1));
        planted.Map(Start, Pages * PageSize.Bytes);
        for (ulong page = 0; page < Pages; page++)
        {
            if (page == MarkerPage)
                planted.Plant(PageAt(page).Value, PageTableLevel.Pte, PageTableEntry.Swap(1 << 9));
            else
                planted.PlantLeaf(PageAt(page).Value, PageTableLevel.Pte, page == ReadOnlyPage ? PageTableEntry.NoExecuteBit : PageTableEntry.WritableBit);
        }

        return planted;
    }

    private static string? Compare(PlantedSpace planted, Action<GuestMemory> alter)
    {
        using var check = new WalkCheck(planted.Memory, new Random(1), allKinds: true);
        check.Add(planted.Space, planted.Processor);
        check.Prepare();
        alter(check.Guest);
        return check.Run();
    }

    private static void Flip(GuestMemory guest, ulong physical, ulong bit) => guest.Write(physical, guest.Read(physical) ^ bit);

    private static VirtualAddress PageAt(ulong page) => new(Start + (page * PageSize.Bytes));
}
