using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Mappings;

/// <summary>docs/linux-rules.md section 2, rule by rule, with the limits that Linux 6.18 has when randomisation is off. That the
/// kernel chooses the same addresses is what <see cref="RecordedHistoryTests"/> shows.</summary>
public class AddressSelectionTests
{
    private const ulong TwoMiB = 2UL << 20;
    private const ulong Top = 0x7ffff7fff000;
    private const ulong Middle = 0x1000_0000_0000;
    private static readonly AddressLayout Layout = AddressLayout.FourLevels;
    private readonly MappingTree _tree = new();

    [Fact]
    public void Without_a_hint_the_first_range_ends_at_mmap_base() =>
        AssertChosen(Top - 0x1000, new AddressRequest(new ByteLength(0x1000)));

    [Fact]
    public void Ranges_follow_each_other_downwards()
    {
        Fill(Top - 0x3000, 0x3000);
        AssertChosen(Top - 0x5000, new AddressRequest(new ByteLength(0x2000)));
    }

    [Fact]
    public void No_search_returns_less_than_the_minimum()
    {
        Fill(0x20000, Layout.Limit.Value - 0x20000);
        AssertChosen(0x10000, new AddressRequest(new ByteLength(0x10000)));
        AssertChosen(null, new AddressRequest(new ByteLength(0x11000)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0xfff, 0)]
    [InlineData(0x1000, 0x10000)]
    [InlineData(0x1234, 0x10000)]
    [InlineData(0xffff, 0x10000)]
    [InlineData(0x10000, 0x10000)]
    [InlineData(0x12fff, 0x12000)]
    [InlineData(ulong.MaxValue, 0xffff_ffff_ffff_f000)]
    public void Mmap_rounds_a_hint_down_to_a_page_and_up_to_the_minimum(ulong hint, ulong rounded) =>
        Assert.Equal(new VirtualAddress(rounded), AddressSelection.RoundHint(new VirtualAddress(hint), Layout));

    [Fact]
    public void A_free_hint_is_taken_also_right_above_a_mapping()
    {
        Fill(Middle - 0x1000, 0x1000);
        Fill(Middle + 0x2000, 0x1000);
        AssertChosen(Middle, new AddressRequest(new ByteLength(0x2000), new VirtualAddress(Middle)));
    }

    [Theory]
    [InlineData(Middle, 0x3000)]
    [InlineData(Middle + 0x2000, 0x1000)]
    [InlineData(0x7fff_ffff_f000, 0x1000)]
    [InlineData(0x7fff_ffff_e000, 0x2000)]
    [InlineData(0x8000_0000_0000_0000, 0x1000)]
    [InlineData(0xffff_ffff_ffff_f000, 0x2000)]
    public void A_hint_that_is_taken_or_out_of_reach_is_ignored(ulong hint, ulong length)
    {
        Fill(Middle + 0x2000, 0x1000);
        AssertChosen(Top - length, new AddressRequest(new ByteLength(length), new VirtualAddress(hint)));
    }

    [Fact]
    public void A_hint_may_reach_up_to_the_limit() =>
        AssertChosen(0x7fff_ffff_d000, new AddressRequest(new ByteLength(0x2000), new VirtualAddress(0x7fff_ffff_d000)));

    [Fact]
    public void A_hint_keeps_clear_of_a_guard_gap_unless_a_mapping_lies_between()
    {
        Fill(Middle, 0x4000, VmFlags.GrowsDown);
        ulong guarded = Middle - MappingTree.GuardGap.Value;
        AssertChosen(guarded - 0x1000, new AddressRequest(new ByteLength(0x1000), new VirtualAddress(guarded - 0x1000)));
        AssertChosen(Top - 0x1000, new AddressRequest(new ByteLength(0x1000), new VirtualAddress(guarded)));
        Fill(Middle - 0xa000, 0x1000);
        AssertChosen(Middle - 0x14000, new AddressRequest(new ByteLength(0x1000), new VirtualAddress(Middle - 0x14000)));
        AssertChosen(Top - 0x1000, new AddressRequest(new ByteLength(0x1000), new VirtualAddress(Middle - 0x5000)));
    }

    // Four calls in a row with the highest gap ending at 0x7ffff79cd000: 2 MiB, 2 MiB, 4 MiB, 4 KiB.
    [Fact]
    public void Multiples_of_2_MiB_of_private_anonymous_memory_are_aligned_and_the_rest_is_not()
    {
        Fill(0x7ffff79cd000, Top - 0x7ffff79cd000);
        AssertTaken(0x7ffff7600000, new AddressRequest(new ByteLength(TwoMiB), default, LargePageAlignment.Anonymous));
        AssertTaken(0x7ffff7400000, new AddressRequest(new ByteLength(TwoMiB), default, LargePageAlignment.Anonymous));
        AssertTaken(0x7ffff7000000, new AddressRequest(new ByteLength(2 * TwoMiB), default, LargePageAlignment.Anonymous));
        AssertTaken(0x7ffff79cc000, new AddressRequest(new ByteLength(0x1000), default, LargePageAlignment.Anonymous));
    }

    [Fact]
    public void A_rejected_hint_takes_the_alignment_away()
    {
        Fill(Middle, 0x1000);
        Fill(0x7ffff7dcd000, Top - 0x7ffff7dcd000);
        AssertChosen(
            0x7ffff7dcd000 - TwoMiB,
            new AddressRequest(new ByteLength(TwoMiB), new VirtualAddress(Middle), LargePageAlignment.Anonymous));
    }

    [Fact]
    public void An_exact_hole_of_2_MiB_is_passed_over_while_a_longer_one_exists_and_used_when_none_does()
    {
        Fill(0x10000, Middle - 0x10000);
        Fill(Middle + TwoMiB, Layout.Limit.Value - Middle - TwoMiB);
        AddressRequest request = new(new ByteLength(TwoMiB), default, LargePageAlignment.Anonymous);
        AssertChosen(Middle, request);
        _tree.SetEnd(_tree.First, new VirtualAddress(Middle - 0x1000_0000));
        Fill(Middle - 0x1000, 0x1000);
        AssertChosen(Middle - 2 * TwoMiB, request);
    }

    [Theory]
    [InlineData(0, TwoMiB - 0x1000, Top - TwoMiB + 0x1000)]
    [InlineData(0, TwoMiB, 0x7ffff7c00000)]
    [InlineData(0x1000, 2 * TwoMiB - 0x1000, 0x7ffff7a01000)]
    [InlineData(0x1000, 2 * TwoMiB - 0x2000, Top - (2 * TwoMiB) + 0x2000)]
    public void A_file_range_with_a_whole_aligned_span_is_congruent_to_its_offset(ulong offset, ulong length, ulong expected) =>
        AssertChosen(expected, new AddressRequest(new ByteLength(length), default, LargePageAlignment.File, offset));

    [Fact]
    public void A_file_hint_counts_only_when_the_padded_range_fits_there()
    {
        Fill(Middle + TwoMiB, 0x1000);
        AddressRequest request = new(new ByteLength(TwoMiB), new VirtualAddress(Middle), LargePageAlignment.File);
        AssertChosen(0x7ffff7c00000, request);
        _tree.SetStart(_tree.First, new VirtualAddress(Middle + TwoMiB));
        _tree.Remove(_tree.First);
        Fill(Middle + (2 * TwoMiB), 0x1000);
        AssertChosen(Middle, request);
    }

    [Fact]
    public void When_nothing_is_free_below_mmap_base_the_lowest_gap_above_it_is_taken()
    {
        Fill(0x10000, Top - 0x10000);
        Fill(0x7ffffffde000, 0x21000, VmFlags.GrowsDown);
        AssertTaken(0x7ffff8000000, new AddressRequest(new ByteLength(0x4000000), default, LargePageAlignment.Anonymous));
        AssertTaken(0x7ffffc200000, new AddressRequest(new ByteLength(0x2000000), default, LargePageAlignment.Anonymous));
        AssertTaken(0x7ffffe400000, new AddressRequest(new ByteLength(0x1000000), default, LargePageAlignment.Anonymous));
        AssertTaken(Top, new AddressRequest(new ByteLength(0x1000)));
        Fill(0x7fffff400000, 0x7fffffede000 - 0x7fffff400000);
        AssertChosen(null, new AddressRequest(new ByteLength(0x5000000)));
    }

    [Fact]
    public void Below_2_GiB_the_search_goes_up_from_1_GiB()
    {
        AssertTaken(0x40000000, new AddressRequest(new ByteLength(0x1000), default, LargePageAlignment.Anonymous, 0, Below2GiB: true));
        AssertTaken(0x40001000, new AddressRequest(new ByteLength(0x1000), default, LargePageAlignment.Anonymous, 0, Below2GiB: true));
        AssertTaken(0x40200000, new AddressRequest(new ByteLength(TwoMiB), default, LargePageAlignment.Anonymous, 0, Below2GiB: true));
        AssertTaken(0x40400000, new AddressRequest(new ByteLength(TwoMiB + 0x1000), default, LargePageAlignment.Anonymous, 0, Below2GiB: true));
    }

    [Fact]
    public void Below_2_GiB_a_hint_counts_if_it_ends_there()
    {
        AssertTaken(0x10000000, Low(0x1000, 0x10000000));
        AssertTaken(0x7fffe000, Low(0x2000, 0x7fffe000));
        AssertTaken(0x40000000, Low(0x4000, 0x7fffd000));
        AssertTaken(0x40004000, Low(0x1000, 0x100000000));
        AssertChosen(null, Low(0x40000000, 0));
        AssertChosen(null, Low(0x80001000, 0));
    }

    [Theory]
    [InlineData(0x7fff_ffff_f000)]
    [InlineData(0x8000_0000_0000)]
    [InlineData(0xffff_ffff_ffff_f000)]
    public void What_is_longer_than_every_gap_has_no_address(ulong length)
    {
        AssertChosen(null, new AddressRequest(new ByteLength(length)));
        AssertChosen(null, new AddressRequest(new ByteLength(length), new VirtualAddress(Middle)));
        AssertChosen(null, new AddressRequest(new ByteLength(length & ~(TwoMiB - 1)), default, LargePageAlignment.Anonymous));
        AssertChosen(null, Low(length, 0x10000));
    }

    [Fact]
    public void With_five_levels_only_a_hint_above_the_window_opens_what_lies_there()
    {
        AddressLayout layout = AddressLayout.FiveLevels;
        AddressRequest plain = new(new ByteLength(0x1000));
        Assert.Equal(new VirtualAddress(Top - 0x1000), AddressSelection.Choose(_tree, layout, plain));
        VirtualAddress high = new(0x80_0000_0000_0000);
        Assert.Equal(high, AddressSelection.Choose(_tree, layout, plain with { Hint = high }));
        Fill(high.Value, 0x1000);
        Assert.True(AddressSelection.Choose(_tree, layout, plain with { Hint = high }) > layout.WindowEnd);
        VirtualAddress across = new(layout.WindowEnd.Value - 0x1000);
        Assert.Equal(
            new VirtualAddress(Top - 0x2000),
            AddressSelection.Choose(_tree, layout, new AddressRequest(new ByteLength(0x2000), across)));
    }

    [Fact]
    public void A_toy_world_has_its_own_limits()
    {
        AddressLayout toy = new(new(0x1000), new(0x20000), new(0x8000), new(0x40000), new(0x40000), new(0x4000));
        Assert.Equal(new VirtualAddress(0x1f000), AddressSelection.Choose(_tree, toy, new AddressRequest(new ByteLength(0x1000))));
        Assert.Equal(
            new VirtualAddress(0x1c000),
            AddressSelection.Choose(_tree, toy, new AddressRequest(new ByteLength(0x4000), default, LargePageAlignment.Anonymous)));
        Assert.Null(AddressSelection.Choose(_tree, toy, new AddressRequest(new ByteLength(0x41000))));
        Assert.Null(AddressSelection.Choose(_tree, toy, Low(0x1000, 0)));
    }

    [Fact]
    public void Congruent_placement_takes_the_highest_range_at_the_residue()
    {
        VirtualAddress source = new(Middle + 0x100000);
        Assert.Equal(
            new VirtualAddress(0x7ffff7d00000),
            AddressSelection.ChooseCongruent(_tree, Layout, new ByteLength(TwoMiB), source, new ByteLength(TwoMiB)));
        Fill(0x7ffff7e00000, 0x1000);
        Assert.Equal(
            new VirtualAddress(0x7ffff7b00000),
            AddressSelection.ChooseCongruent(_tree, Layout, new ByteLength(TwoMiB), source, new ByteLength(TwoMiB)));
    }

    [Fact]
    public void Congruent_placement_goes_above_mmap_base_when_nothing_is_free_below()
    {
        Fill(0x10000, Top - 0x10000);
        VirtualAddress? place = AddressSelection.ChooseCongruent(
            _tree, Layout, new ByteLength(TwoMiB), new VirtualAddress(0x5000), new ByteLength(TwoMiB));
        Assert.Equal(new VirtualAddress(0x7fffffc05000), place);
        Fill(Top, Layout.Limit.Value - Top);
        Assert.Null(AddressSelection.ChooseCongruent(_tree, Layout, new ByteLength(0x1000), Layout.Minimum, new ByteLength(0x1000)));
    }

    private static AddressRequest Low(ulong length, ulong hint) =>
        new(new ByteLength(length), new VirtualAddress(hint), LargePageAlignment.None, 0, Below2GiB: true);

    private void Fill(ulong start, ulong length, VmFlags flags = VmFlags.None) => _tree.Insert(
        new Mapping(new AddressRange(new VirtualAddress(start), new ByteLength(length)), flags, null, default, default));

    private void AssertChosen(ulong? expected, AddressRequest request) => Assert.Equal(
        expected is { } address ? new VirtualAddress(address) : null,
        AddressSelection.Choose(_tree, Layout, request));

    private void AssertTaken(ulong expected, AddressRequest request)
    {
        AssertChosen(expected, request);
        Fill(expected, request.Length.Value);
    }
}
