using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.SystemCalls;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Model;

/// <summary>Addresses and lengths that no program means: the kernel's result, never an exception, never a wrong wrap-around.</summary>
public sealed class GarbageTests
{
    private const ulong Window = 0x10000000;
    private const ulong WindowBytes = 16 * PageSize.Bytes;

    private static readonly ulong[] Values =
    [
        0, 1, 0xfff, 0x1000, 0x1001, Window, Window + 1, WindowBytes, Window + WindowBytes, 0x1fffff, 0x200000, 1UL << 30, 0x7fffffffe000, 0x7fffffffefff, 0x7ffffffff000,
        0x7ffffffff001, 0x800000000000, 0xffff7fffffffffff, 0xffff800000000000, 0x00fffffffffff000, 1UL << 52, 1UL << 62, long.MaxValue, 1UL << 63, 0xffffffff00000000,
        0xffffffffefffffff, 0xfffffffff0000000, unchecked((ulong)-8192), unchecked((ulong)-4096), unchecked((ulong)-4095), ulong.MaxValue - 1, ulong.MaxValue,
    ];

    /// <summary>Replays what Garbage/record.c recorded.</summary>
    [Fact]
    public void Garbage_gets_the_results_that_linux_gives()
    {
        using FileStream log = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Model", "Garbage", "linux-6.18.txt"));
        using var space = new AddressSpace();
        var reader = new CallLogReader(log, new CallLogOptions { Strict = true });
        var differences = new List<string>();
        int calls = 0;
        while (reader.TryRead(out CallRecord record))
        {
            MapWindow(space);
            CallArguments a = record.Call.Arguments;
            long result = space.Invoke((long)record.Call.Number, a.First, a.Second, a.Third, a.Fourth, a.Fifth, a.Sixth);
            long expected = record.Outcome.State == CallOutcomeState.Error ? -(long)record.Outcome.Error : record.Outcome.Value;
            if (result != expected)
                differences.Add($"line {record.Line}: {record.Name} {a} gave {new CallResult(result)}, not {new CallResult(expected)}");
            calls++;
        }

        Assert.True(calls > 4000);
        Assert.Empty(differences);
        space.Verify();
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void No_number_and_no_register_makes_a_call_throw(int levels)
    {
        // Little memory, so that what would be populated for hours ends at once.
        using var memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 16UL << 20 });
        var options = new AddressSpaceOptions { Geometry = levels == 4 ? PagingGeometry.X86 : PagingGeometry.X86FiveLevel };
        var random = new Random(20261123);
        for (int round = 0; round < 100 * ModelRun.Factor; round++)
        {
            using (var space = new AddressSpace(memory, options))
            {
                InvokeGarbage(space, random);
                space.Verify();
                Assert.All(space.GetMappings(), mapping => Assert.True(mapping.End <= space.Geometry.UserLimit));
            }

            Assert.Equal((0UL, 0UL), (memory.DataFrames, memory.TableFrames));
        }
    }

    private static void InvokeGarbage(AddressSpace space, Random random)
    {
        SystemCallNumber[] numbers = Enum.GetValues<SystemCallNumber>();
        for (int i = 0; i < 200; i++)
        {
            if (i % 16 == 0)
                space.Map(new VirtualAddress(Window), new ByteLength(WindowBytes), Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous);
            long number = random.Next(64) == 0 ? random.NextInt64(-3, 600) : (long)numbers[random.Next(numbers.Length)];
            ulong[] a = [.. Enumerable.Range(0, 6).Select(_ => Pick(random))];
            if (random.Next(4) != 0)
                Soften(number, a, random);
            space.Invoke(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        }
    }

    [Fact]
    public void No_value_makes_a_typed_call_throw()
    {
        using var space = new AddressSpace();
        foreach (ulong first in Values)
        {
            foreach (ulong second in Values)
            {
                var at = new VirtualAddress(first);
                var length = new ByteLength(second);
                foreach (ulong third in new ulong[] { 0, PageSize.Bytes, Window, 0x7ffffffff000, 1UL << 63, unchecked((ulong)-4096), ulong.MaxValue })
                {
                    MapWindow(space);
                    foreach (RemapFlags flags in new[] { RemapFlags.None, RemapFlags.MayMove, RemapFlags.MayMove | RemapFlags.Fixed, RemapFlags.MayMove | RemapFlags.DontUnmap })
                    {
                        space.Remap(at, length, new ByteLength(third), flags, at);
                        space.Remap(new VirtualAddress(third), length, length, flags, at);
                    }

                    space.RelocateDown(at, length, new ByteLength(third));
                    space.Map(at, length, Protection.Read, MapFlags.Private | MapFlags.Anonymous, null, third);
                    space.Map(at, length, Protection.Read, MapFlags.Shared | MapFlags.Anonymous | MapFlags.FixedNoReplace, null, third);
                }

                space.Protect(at, length, Protection.None);
                space.Protect(at, length, Protection.Read | Protection.GrowsDown);
                space.Advise(at, length, Advice.DontNeed);
                space.Advise(at, length, Advice.HugePage);
                space.Lock2(at, length, LockFlags.OnFault);
                space.Unlock(at, length);
                space.Sync(at, length, (SyncFlags)1);
                space.Seal(at, length, 1); // no flags exist: EINVAL
                space.Break(at);
                space.Unmap(at, length);
            }

            space.Unmap(VirtualAddress.Zero, new ByteLength(space.Geometry.UserLimit.Value));
        }

        space.Verify();
        Assert.Equal(0, space.MappingCount);
        Assert.Equal(0UL, space.Memory.DataFrames);
    }

    [Fact]
    public void No_address_makes_an_access_throw()
    {
        using var space = new AddressSpace();
        using VirtualProcessor processor = space.CreateProcessor();
        MapWindow(space);
        byte[] bytes = new byte[3 * PageSize.Bytes];
        foreach (ulong value in Values)
        {
            var address = new VirtualAddress(value);
            bool isMapped = value >= Window && value <= Window + WindowBytes - sizeof(long);
            AccessFault fault = processor.TryRead(address, out long _);
            Assert.Equal(isMapped, fault == AccessFault.None);
            Assert.Equal(fault, processor.TryWrite(address, 0L));
            if (!isMapped)
                Assert.Equal(value is > 0x7fffffffffff and < 0xffff800000000000 ? AccessFault.NonCanonical : AccessFault.NotMapped, fault);
            Assert.Equal(isMapped, processor.TryRead(address, bytes, out _) == AccessFault.None);
            Assert.Equal(isMapped, processor.TryWrite(address, bytes, out _) == AccessFault.None);
            Assert.Equal(AccessFault.NotPermitted, isMapped ? processor.TryFetch(address, bytes, out _) : AccessFault.NotPermitted);
        }
    }

    private static void MapWindow(AddressSpace space)
    {
        const ulong Around = 1UL << 20;
        space.Unmap(new VirtualAddress(Window - Around), new ByteLength(2 * Around));
        CallResult mapped = space.Map(
            new VirtualAddress(Window), new ByteLength(WindowBytes), Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.NoReserve);
        Assert.Equal(Window, mapped.Address.Value);
    }

    private static ulong Pick(Random random) => random.Next(3) switch
    {
        0 => Values[random.Next(Values.Length)],
        1 => unchecked(Values[random.Next(Values.Length)] + (ulong)random.Next(-2, 3) * PageSize.Bytes),
        _ => (ulong)random.NextInt64() >> random.Next(64),
    };

    /// <summary>Makes flags likely to be known.</summary>
    private static void Soften(long number, ulong[] a, Random random)
    {
        switch ((SystemCallNumber)number)
        {
            case SystemCallNumber.Map:
                a[2] &= 7;
                a[3] = (a[3] & (ulong)(MapFlags.Fixed | MapFlags.Anonymous)) | (ulong)(MapFlags.Private | MapFlags.Anonymous);
                break;
            case SystemCallNumber.Remap:
                a[3] = (ulong)random.Next(8);
                break;
            case SystemCallNumber.Protect:
                a[2] &= 7;
                break;
            case SystemCallNumber.Advise:
                a[2] = (ulong)random.Next(26);
                break;
        }
    }
}
