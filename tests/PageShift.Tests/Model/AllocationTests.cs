using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Model;

/// <summary>Calls on a space that is warmed up allocate nothing on the managed heap.</summary>
public sealed class AllocationTests
{
    private const ulong Here = 1UL << 32;
    private const ulong There = 3UL << 32;
    private const ulong Block = 2UL << 20;
    private const int Rounds = 10;
    private const int MostAttempts = 100;

    public static TheoryData<MovePolicy, bool> Ways
    {
        get
        {
            var data = new TheoryData<MovePolicy, bool>();
            foreach (MovePolicy policy in MovePolicyName.All)
            {
                data.Add(policy, false);
                data.Add(policy, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Calls_on_a_space_that_is_warmed_up_allocate_nothing(MovePolicy policy, bool isObserved)
    {
        using var memory = new PhysicalMemory();
        using var space = new AddressSpace(memory, new AddressSpaceOptions { Policy = policy, MaximumMapCount = 1000 });
        using VirtualProcessor processor = space.CreateProcessor();
        space.MoveObserver = isObserved ? new PlanningObserver() : null;

        // Warm is when the lists have grown and the code is optimised, which happens beside; until then a flag test may box.
        long allocated = long.MaxValue;
        for (int attempt = 0; attempt < MostAttempts && allocated != 0; attempt++)
        {
            Thread.Sleep(attempt);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Rounds; i++)
                Work(space, processor);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
        AddressSpace.VerifyAll([space], []);
    }

    /// <summary>Maps, writes, protects, moves congruently and not, grows, shrinks, duplicates, drops and unmaps.</summary>
    private static void Work(AddressSpace space, VirtualProcessor processor)
    {
        const MapFlags Anonymous = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed;
        const RemapFlags Fixed = RemapFlags.MayMove | RemapFlags.Fixed;
        var here = new VirtualAddress(Here);
        var there = new VirtualAddress(There + (Block / 2));
        var length = new ByteLength(5 * Block);
        var page = PageSize.Length;
        Must(space.Map(here, length, Protection.Read | Protection.Write, Anonymous | MapFlags.Populate));
        Must(space.Protect(here + new ByteLength(Block), new ByteLength(Block), Protection.Read));
        Must(space.Remap(here, length, length, Fixed, there)); // three mappings, not congruent
        Must(space.Protect(there, length, Protection.Read | Protection.Write));
        Must(space.Remap(there, length, length, Fixed, there + new ByteLength(4 * length.Value)));
        Must(space.Remap(there + new ByteLength(4 * length.Value), length, length, Fixed, there));
        Must(space.Remap(there, length, length + page, RemapFlags.MayMove));
        Must(space.Remap(there, length + page, length, RemapFlags.None));
        Must(space.Remap(there, length, length, Fixed | RemapFlags.DontUnmap, here));
        processor.Write(there, 1L); // a fresh page
        Must(space.Advise(here, length, Advice.DontNeed));
        Must(space.RelocateDown(here, length, page));
        Must(space.Unmap(here - page, length));
        Must(space.Unmap(there, length));
        CallResult chosen = space.Map(VirtualAddress.Zero, length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous);
        Must(chosen);
        Must(space.Unmap(chosen.Address, length));
        if (space.Remap(here, length, length, Fixed, there).Error != Errno.BadAddress)
            throw new InvalidOperationException("There was something left to move.");
    }

    // No assertion of xunit's: those allocate.
    private static void Must(CallResult result)
    {
        if (result.IsError)
            throw new InvalidOperationException(result.ToString());
    }

    private sealed class PlanningObserver : IMoveObserver
    {
        public void Moving(MoveObservation move)
        {
            for (MovePolicy policy = MovePolicy.Linux420; policy <= MovePolicy.PageShift; policy++)
                move.Plan(policy);
        }
    }
}
