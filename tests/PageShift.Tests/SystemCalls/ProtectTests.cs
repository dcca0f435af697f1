using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Tests.Access;
using PageShift.Translation;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.SystemCalls;

/// <summary>What mprotect does to leaves, frames and TLBs.</summary>
public class ProtectTests
{
    [Fact]
    public void Pages_without_access_keep_their_frames_and_bytes()
    {
        using AccessWorld world = new();
        world.Map(0, 3);
        world.Space.Fill(Range(0, 3), 9);
        PageTableEntry before = world.LeafOf(1);
        world.Protect(0, 3, Protection.None);
        Assert.Equal("nnn", world.Draw(0, 3));
        Assert.Equal(before.Frame, world.LeafOf(1).Frame);
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryRead(Page(1), out byte _));
        world.Protect(0, 3, Protection.Read);
        Assert.Equal(9, world.Processor.Read<byte>(Page(1)));
    }

    [Fact]
    public void Accessed_and_dirty_survive_every_change()
    {
        using AccessWorld world = new();
        world.Map(0, 2);
        world.Space.Fill(Range(0, 1), 1);
        world.Processor.Read<byte>(Page(1));
        foreach (Protection protection in new[] { Protection.Read, Protection.None, Protection.Execute, ReadWrite })
        {
            world.Protect(0, 2, protection);
            Assert.True(world.LeafOf(0) is { IsAccessed: true, IsDirty: true });
            Assert.True(world.LeafOf(1) is { IsAccessed: true, IsDirty: false });
        }
    }

    [Fact]
    public void A_private_page_of_its_own_may_be_written_at_once_and_others_by_a_fault()
    {
        using AccessWorld world = new();
        OpenFile file = world.NumberedFile(1);
        world.Map(0, 3);
        world.Map(3, 4, file: file);
        world.Space.Fill(Range(0, 2), 1);
        world.Processor.Read<byte>(Page(2)); // the zero page
        world.Processor.Read<byte>(Page(3)); // the file's page
        using AddressSpace child = world.Space.Fork();
        child.Write(Page(0), (byte)2); // the parent's page 0 is its own again
        world.Protect(0, 4, Protection.Read);
        world.Protect(0, 4, ReadWrite);
        Assert.Equal("wr0r", world.Draw(0, 4));
        world.Space.Fill(Range(0, 4), 5);
        Assert.Equal(1, child.Read<byte>(Page(1)));
        Assert.Equal("wwww", world.Draw(0, 4));
        AddressSpace.VerifyAll([world.Space, child], []);
    }

    [Fact]
    public void No_processor_remembers_more_access_than_is_left()
    {
        using AccessWorld world = new();
        world.Map(0, 2);
        world.Processor.Write(Page(0), 1L);
        ulong flushes = world.Space.TlbFlushes;
        world.Protect(0, 2, Protection.Read);
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryWrite(Page(0), 2L));
        Assert.Equal(flushes + 1, world.Space.TlbFlushes);
        world.Protect(0, 2, Protection.Read);
        Assert.Equal(flushes + 1, world.Space.TlbFlushes); // nothing changed
    }

    [Fact]
    public void A_change_of_a_part_splits_a_large_leaf_and_of_the_whole_does_not()
    {
        using AccessWorld world = new();
        world.Map(0, 1024);
        world.Advise(0, 1024, Advice.HugePage);
        world.Space.Fill(Range(0, 1024), 4);
        world.Protect(512, 1024, Protection.Read);
        world.Protect(0, 100, Protection.Read);
        Assert.Equal(new string('r', 100) + new string('w', 412) + new string('R', 512), world.Draw(0, 1024));
        Assert.Equal(4, world.Processor.Read<byte>(Page(99)));
        Assert.Equal(4, world.Processor.Read<byte>(Page(1000)));
    }

    [Fact]
    public void Guards_stay_guards()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        world.Advise(1, 3, Advice.GuardInstall);
        world.Protect(0, 4, Protection.None);
        world.Protect(0, 4, ReadWrite);
        Assert.Equal(".GG.", world.Draw(0, 4));
    }

    [Fact]
    public void Locked_memory_that_becomes_writable_gets_its_private_pages_at_once()
    {
        using AccessWorld world = new();
        world.Map(0, 2, Protection.Read);
        world.Space.Lock(Page(0), Pages(2));
        Assert.Equal("00", world.Draw(0, 2));
        world.Protect(0, 2, ReadWrite);
        Assert.Equal("ww", world.Draw(0, 2));
    }

    [Fact]
    public void What_lies_below_a_failure_stays_changed()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(2);
        world.Map(0, 2);
        world.Map(2, 4, Protection.Read, MapFlags.Shared, new OpenFile(file.Object) { CanWrite = false });
        world.Map(4, 6, Protection.Read);
        Assert.Equal(Errno.AccessDenied, world.Space.Protect(Page(0), Pages(6), Protection.Write | Protection.Execute).Error);
        Assert.Equal(Protection.Write | Protection.Execute, world.MappingAt(0).Protection);
        Assert.Equal(Protection.Read, world.MappingAt(2).Protection);
        Assert.Equal(Protection.Read, world.MappingAt(4).Protection);
    }

    [Fact]
    public void A_processor_without_keys_knows_only_the_key_minus_one()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        Assert.Equal(CallResult.Success, world.Space.ProtectWithKey(Page(0), Pages(1), Protection.Read, -1));
        Assert.Equal(Errno.InvalidArgument, world.Space.ProtectWithKey(Page(0), Pages(1), Protection.Read, 0).Error);
        Assert.Equal(CallResult.Success, world.Space.ProtectWithKey(Page(0), default, Protection.Read, 5)); // no page: not looked at
    }
}
