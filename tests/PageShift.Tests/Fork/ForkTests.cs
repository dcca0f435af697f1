using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Tests.Access;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Fork;

public class ForkTests
{
    [Fact]
    public void Parent_and_child_share_pages_until_one_writes()
    {
        using AccessWorld world = new();
        world.Map(0, 3);
        world.Processor.Fill(Range(0, 3), 1);
        using AddressSpace child = world.Space.Fork();
        Assert.Equal(3UL, world.Memory.DataFrames);
        Assert.Equal("rrr", world.Draw(0, 3));
        child.Write(Page(0), (byte)2);
        world.Processor.Write(Page(1), (byte)3);
        Assert.Equal((1, 3, 1), (world.Processor.Read<byte>(Page(0)), world.Processor.Read<byte>(Page(1)), world.Processor.Read<byte>(Page(2))));
        Assert.Equal((2, 1, 1), (child.Read<byte>(Page(0)), child.Read<byte>(Page(1)), child.Read<byte>(Page(2))));
        Assert.Equal(5UL, world.Memory.DataFrames);
        AddressSpace.VerifyAll([world.Space, child], []);
    }

    [Fact]
    public void A_write_that_the_parents_TLB_had_cached_does_not_reach_the_child()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        world.Processor.Write(Page(0), 1);
        using AddressSpace child = world.Space.Fork();
        world.Processor.Write(Page(0), 2);
        Assert.Equal(1, child.Read<int>(Page(0)));
    }

    [Fact]
    public void Once_the_others_are_gone_a_page_is_written_in_place()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        world.Processor.Write(Page(0), 1);
        ulong frame = world.LeafOf(0).Frame.Value;
        world.Space.Fork().Dispose();
        world.Processor.Write(Page(0), 2);
        Assert.Equal(frame, world.LeafOf(0).Frame.Value);
        Assert.Equal(1UL, world.Memory.DataFrames);
    }

    [Fact]
    public void Three_generations_each_keep_what_they_wrote()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        world.Processor.Fill(Range(0, 4), 1);
        using AddressSpace child = world.Space.Fork();
        child.Fill(Range(1, 3), 2);
        using AddressSpace grandchild = child.Fork();
        grandchild.Fill(Range(2, 4), 3);
        child.Write(Page(1), (byte)22);
        Assert.Equal("1 1 1 1", Bytes(world.Space));
        Assert.Equal("1 22 2 1", Bytes(child));
        Assert.Equal("1 2 3 3", Bytes(grandchild));
        AddressSpace.VerifyAll([world.Space, child, grandchild], []);
        world.Space.Fill(Range(0, 4), 9);
        Assert.Equal("1 22 2 1", Bytes(child));
        Assert.Equal("1 2 3 3", Bytes(grandchild));
        AddressSpace.VerifyAll([world.Space, child, grandchild], []);
    }

    [Fact]
    public void The_middle_generation_may_go_first()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        world.Processor.Fill(Range(0, 4), 1);
        AddressSpace child = world.Space.Fork();
        child.Write(Page(1), (byte)2);
        using AddressSpace grandchild = child.Fork();
        child.Dispose();
        Assert.Equal("1 2 1 1", Bytes(grandchild));
        grandchild.Fill(Range(0, 4), 3);
        Assert.Equal("1 1 1 1", Bytes(world.Space));
        AddressSpace.VerifyAll([world.Space, grandchild], []);
    }

    [Fact]
    public void Shared_memory_stays_shared()
    {
        using AccessWorld world = new();
        world.Map(0, 2, extra: MapFlags.Shared);
        world.Processor.Write(Page(0), 1);
        using (AddressSpace child = world.Space.Fork())
        {
            child.Write(Page(0), 2);
            child.Write(Page(1), 3);
            Assert.Equal((2, 3), (world.Processor.Read<int>(Page(0)), world.Processor.Read<int>(Page(1))));
            world.Unmap(0, 2);
            Assert.Equal(3, child.Read<int>(Page(1)));
        }

        Assert.Equal(0UL, world.Memory.DataFrames);
    }

    // docs/linux-rules.md section 9: only mappings that had a private page bring their pages.
    [Fact]
    public void The_child_begins_with_the_pages_of_those_mappings_that_had_a_private_page()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        world.Processor.Write(Page(0), 1);
        world.Processor.Read<int>(Page(1));
        world.Map(10, 12);
        world.Processor.Read<int>(Page(10));
        world.Map(20, 22, extra: MapFlags.Shared);
        world.Processor.Write(Page(20), 1);
        OpenFile file = world.NumberedFile(2);
        world.Map(30, 32, file: file);
        world.Processor.Read<int>(Page(30));
        world.Map(40, 42, file: file);
        world.Processor.Write(Page(40), 1);
        world.Processor.Read<int>(Page(41));
        using AddressSpace child = world.Space.Fork();
        Assert.Equal([0, 1, 40, 41], child.GetLeaves(Range(0, 100)).Select(leaf => (int)(leaf.Start - Page(0)).WholePages.Value));
        Assert.Equal((1, 0, 1), (child.Read<int>(Page(0)), child.Read<int>(Page(10)), child.Read<int>(Page(20))));
        Assert.Equal((1, 2), (child.Read<byte>(Page(30)), child.Read<byte>(Page(41))));
        AddressSpace.VerifyAll([world.Space, child], []);
    }

    [Fact]
    public void DONTFORK_and_WIPEONFORK_are_obeyed_and_locks_are_not_inherited()
    {
        using AccessWorld world = new();
        world.Map(0, 2);
        world.Map(10, 12);
        world.Map(20, 22);
        world.Processor.Fill(Range(0, 2), 1);
        world.Processor.Fill(Range(10, 12), 1);
        world.Processor.Fill(Range(20, 22), 1);
        world.Advise(0, 2, Advice.DontFork);
        world.Advise(10, 12, Advice.WipeOnFork);
        Must(world.Space.Lock(Page(20), Pages(2)));
        using AddressSpace child = world.Space.Fork();
        Assert.Equal([Range(10, 12), Range(20, 22)], child.GetMappings().Select(mapping => mapping.Range));
        Assert.Equal(AccessFault.NotMapped, child.TryTouch(Range(0, 1), AccessKind.Read));
        Assert.Equal((0, 1), (child.Read<byte>(Page(10)), child.Read<byte>(Page(20))));
        Assert.True(child.GetMappings()[0].Anon.IsNone);
        Assert.DoesNotContain(child.GetMappings(), mapping => mapping.Flags.HasFlag(VmFlags.Locked));
        Assert.Equal((4UL, 4UL, 0UL), (child.TotalPages.Value, child.DataPages.Value, child.LockedPages.Value));
        Assert.Equal(2UL, world.Space.LockedPages.Value);
    }

    [Fact]
    public void Guard_pages_are_inherited()
    {
        using AccessWorld world = new();
        world.Map(0, 2);
        world.Advise(0, 1, Advice.GuardInstall);
        world.Map(10, 12, extra: MapFlags.Shared, file: world.MemoryFile(2));
        world.Advise(10, 11, Advice.GuardInstall);
        using AddressSpace child = world.Space.Fork();
        Assert.Equal(AccessFault.GuardPage, child.TryTouch(Range(0, 1), AccessKind.Read));
        Assert.Equal(AccessFault.GuardPage, child.TryTouch(Range(10, 11), AccessKind.Read));
        child.Write(Page(11), 4);
        Assert.Equal(4, world.Processor.Read<int>(Page(11)));
    }

    // docs/linux-rules.md section 3, fork.
    [Fact]
    public void Each_written_mapping_of_the_child_gets_an_inherited_identity_of_its_own()
    {
        using AccessWorld world = new();
        world.Map(0, 6);
        world.Processor.Write(Page(0), 1);
        world.Unmap(2, 3); // two pieces with one identity
        world.Map(10, 12);
        using AddressSpace child = world.Space.Fork();
        Assert.Equal(world.MappingAt(0).Anon, world.MappingAt(4).Anon);
        IReadOnlyList<Mapping> mappings = child.GetMappings();
        Assert.True(mappings[0].Anon.Inherited && mappings[1].Anon.Inherited);
        Assert.NotEqual(mappings[0].Anon, mappings[1].Anon);
        Assert.True(mappings[2].Anon.IsNone);
    }

    [Fact]
    public void New_memory_merges_with_the_parents_written_mapping_but_not_with_the_childs()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        world.Processor.Write(Page(0), 1);
        using AddressSpace child = world.Space.Fork();
        world.Map(4, 6);
        Must(child.Map(Page(4), Pages(2), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        Assert.Equal((1, 2), (world.Space.MappingCount, child.MappingCount));
    }

    [Fact]
    public void Pieces_split_in_the_child_merge_again()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        world.Processor.Write(Page(0), 1);
        using AddressSpace child = world.Space.Fork();
        Must(child.Protect(Page(1), Pages(1), Protection.Read));
        Assert.Equal(3, child.MappingCount);
        Must(child.Protect(Page(1), Pages(1), ReadWrite));
        Assert.Equal(1, child.MappingCount);
    }

    [Fact]
    public void Limits_policy_break_and_descriptors_are_inherited()
    {
        using AccessWorld world = new();
        world.Space.Limits = world.Space.Limits with { Stack = Pages(7) };
        VirtualAddress start = world.Space.BreakStart;
        Assert.Equal(start + Pages(3), world.Space.Break(start + Pages(3)).Address);
        int descriptor = world.Space.Descriptors.Open(world.MemoryFile(1));
        using AddressSpace child = world.Space.Fork();
        Assert.Equal(Pages(7), child.Limits.Stack);
        Assert.Equal(start + Pages(3), child.Break(VirtualAddress.Zero).Address);
        Assert.True(child.Descriptors.TryGet(descriptor, out OpenFile? file));
        Assert.Same(file, world.Space.Descriptors.TryGet(descriptor, out OpenFile? own) ? own : null);
        Assert.Equal(start + Pages(5), child.Break(start + Pages(5)).Address);
        Assert.Equal(start + Pages(3), world.Space.Break(VirtualAddress.Zero).Address);
    }

    [Fact]
    public void Memory_that_the_parent_owns_lives_until_the_last_descendant_is_disposed()
    {
        AddressSpace parent = new();
        Must(parent.Map(Page(0), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        parent.Write(Page(0), 5);
        AddressSpace child = parent.Fork();
        parent.Dispose();
        Assert.Equal(5, child.Read<int>(Page(0)));
        child.Write(Page(0), 6);
        child.Dispose();
    }

    [Fact]
    public void A_fork_without_memory_fails_and_leaves_the_parent_as_it_was()
    {
        using AccessWorld world = new();
        world.Map(0, 1200);
        world.Processor.Fill(Range(0, 1200), 1);
        world.Map(2000, 2001, extra: MapFlags.Shared);
        world.Processor.Write(Page(2000), 1);
        (ulong frames, ulong tables) = (world.Memory.DataFrames, world.Memory.TableFrames);
        for (int permitted = 0; permitted < 6; permitted++)
        {
            world.Memory.AllocationsUntilFailure = permitted; // the root, two tables, three tables of pages
            Assert.False(world.Space.TryFork(out AddressSpace? none));
            Assert.Null(none);
            world.Memory.AllocationsUntilFailure = permitted;
            Assert.Throws<InsufficientMemoryException>(world.Space.Fork);
            world.Memory.AllocationsUntilFailure = -1;
            Assert.Equal((frames, tables), (world.Memory.DataFrames, world.Memory.TableFrames));
            AddressSpace.VerifyAll([world.Space], []);
        }

        world.Processor.Fill(Range(0, 1200), 2);
        Assert.Equal(frames, world.Memory.DataFrames);
        world.Memory.AllocationsUntilFailure = 6;
        Assert.True(world.Space.TryFork(out AddressSpace? child));
        world.Memory.AllocationsUntilFailure = -1;
        child.Dispose();
    }

    [Fact]
    public void A_fork_of_sixteen_gigabytes_without_content_shares_them()
    {
        using AccessWorld world = new(new PhysicalMemory(PhysicalMemoryOptions.BytesFree));
        world.Map(0, 1L << 22, extra: MapFlags.Populate);
        using AddressSpace child = world.Space.Fork();
        Assert.Equal(1UL << 22, world.Memory.DataFrames);
        Assert.Equal(AccessFault.None, child.TryTouch(Range(77, 78), AccessKind.Write));
        Assert.Equal((1UL << 22) + 1, world.Memory.DataFrames);
    }

    private static string Bytes(AddressSpace space) =>
        string.Join(' ', Enumerable.Range(0, 4).Select(page => space.Read<byte>(Page(page))));
}
