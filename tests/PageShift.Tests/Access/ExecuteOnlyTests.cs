using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Translation;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

/// <summary>Memory of PROT_EXEC alone, with protection keys and without. The conformance cases of mprotect ask the kernel.</summary>
public class ExecuteOnlyTests
{
    private static readonly AddressSpaceOptions WithKeys = new() { ProtectionKeys = true };

    [Fact]
    public void With_keys_it_is_fetched_and_neither_read_nor_written_whoever_came_first()
    {
        using AccessWorld world = new(options: WithKeys);
        world.Map(0, 2);
        world.Processor.Write(Page(0), 0x1234); // present, and in the TLB, before it becomes execute-only
        world.Protect(0, 2, Protection.Execute);
        byte[] instruction = new byte[2];
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(AccessFault.NotPermitted, world.Processor.TryRead(Page(0), out int _));
            Assert.Equal(AccessFault.None, world.Processor.TryFetch(Page(0), instruction, out _));
            Assert.Equal([0x34, 0x12], instruction);
            Assert.Equal(AccessFault.NotPermitted, world.Processor.TryWrite(Page(0), 1));
            Assert.Equal(AccessFault.NotPermitted, world.Processor.TryTranslate(Page(0), AccessKind.Read, out _));
            Assert.Equal(AccessFault.None, world.Processor.TryTranslate(Page(0), AccessKind.Execute, out _));
            Assert.Equal(AccessFault.NotPermitted, world.Processor.TryRead(Page(1), out int _)); // untouched
            Assert.Equal(AccessFault.None, world.Processor.TryFetch(Page(1), instruction, out _));
        }

        world.Protect(0, 2, Protection.Read | Protection.Execute);
        Assert.Equal(0x1234, world.Processor.Read<int>(Page(0)));
    }

    [Fact]
    public void Without_keys_it_is_read()
    {
        using AccessWorld world = new();
        world.Map(0, 1, Protection.Execute);
        Assert.Equal(0, world.Processor.Read<int>(Page(0)));
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryWrite(Page(0), 1));
    }

    [Fact]
    public void A_move_and_a_fork_keep_the_key()
    {
        using AccessWorld world = new(options: WithKeys);
        world.Map(0, 600);
        world.Processor.Write(Page(0), 1);
        world.Protect(0, 600, Protection.Execute);
        Must(world.Space.Remap(Page(0), Pages(600), Pages(600), RemapFlags.MayMove | RemapFlags.Fixed, Page(5000)));
        using AddressSpace child = world.Space.Fork();
        using VirtualProcessor other = child.CreateProcessor();
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryRead(Page(5000), out int _));
        Assert.Equal(AccessFault.NotPermitted, other.TryRead(Page(5000), out int _));
    }
}
