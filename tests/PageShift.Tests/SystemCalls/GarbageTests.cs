using CsCheck;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.SystemCalls;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.SystemCalls;

/// <summary>Whatever six registers hold, a call returns a value or an errno, and leaves the space in order.</summary>
public class GarbageTests
{
    private static readonly ulong[] Edges =
    [
        0, 1, PageSize.Bytes - 1, PageSize.Bytes, PageSize.Bytes + 1, 0x7fff_ffff_e000, 0x7fff_ffff_efff, 0x7fff_ffff_f000, 0x8000_0000_0000, 0xff_ffff_ffff_f000,
        1UL << 63, (1UL << 63) - 1, ulong.MaxValue, ulong.MaxValue - 1, ulong.MaxValue - 4094, ulong.MaxValue - 4095, ulong.MaxValue - 8191, 1UL << 32, uint.MaxValue,
    ];

    // Lengths stay short enough to populate, or are far too long; what lies between would only fill memory.
    private static readonly Gen<ulong> Near = Gen.ULong[0x1000_0000, 0x1040_0000];
    private static readonly Gen<ulong> NearPage = Near.Select(address => address & ~(PageSize.Bytes - 1));
    private static readonly Gen<ulong> Edge = Usual(Edges);
    private static readonly Gen<ulong> Far = Gen.ULong[1UL << 46, ulong.MaxValue];
    private static readonly Gen<ulong> Flags = Gen.OneOf(Gen.ULong[0, 0x7f], Usual(0x22, 0x32, 0x31, 0x100032, 0x8022, 0x2022, 0x132, 0x40022), Gen.ULong);
    private static readonly Gen<ulong> Register = Gen.OneOf(Near, NearPage, NearPage, Edge, Far, Flags);

    private static readonly Gen<long> Number = Gen.OneOf(
        Gen.OneOf([.. Enum.GetValues<SystemCallNumber>().Select(number => Gen.Const((long)number))]), Gen.Long[-2, 500], Gen.Long);

    private static Gen<ulong> Usual(params ulong[] values) => Gen.OneOf([.. values.Select(Gen.Const)]);

    public static TheoryData<string> Shapes => ["x86", "x86 with five levels", "toy"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Any_registers_give_a_value_or_an_errno_and_never_an_exception(string shape)
    {
        PagingGeometry geometry = shape switch
        {
            "x86" => PagingGeometry.X86,
            "toy" => PagingGeometry.Toy(3, 2),
            _ => PagingGeometry.X86FiveLevel,
        };
        Gen.Select(Number, Register, Register, Register, Register, Gen.Select(Register, Register))
            .Array[1, 60]
            .Sample(calls => Run(geometry, calls), iter: 150, threads: 1);
    }

    private static void Run(PagingGeometry geometry, (long Number, ulong A0, ulong A1, ulong A2, ulong A3, (ulong A4, ulong A5) Last)[] calls)
    {
        // Small, so that garbage that would populate much runs out of memory, which must leave all in order too.
        using var memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 4UL << 20 });
        using var file = new MemoryObject(memory, MemoryObjectKind.Memory, new ByteLength(1UL << 20));
        using var space = new AddressSpace(memory, new AddressSpaceOptions { Geometry = geometry });
        space.Descriptors.Set(0, new OpenFile(file));
        foreach ((long number, ulong a0, ulong a1, ulong a2, ulong a3, (ulong a4, ulong a5)) in calls)
        {
            long result = space.Invoke(number, a0, a1, a2, a3, a4, a5);
            bool isUserAddress = result >= 0 && (ulong)result <= geometry.UserLimit.Value;
            bool isBreak = number == (long)SystemCallNumber.Break && (ulong)result >= space.BreakStart.Value;
            Assert.True(isUserAddress || isBreak || result is >= -4095 and < 0, $"{number} returned 0x{result:x}.");
            if (!Enum.IsDefined((SystemCallNumber)number))
                Assert.Equal(-(long)Errno.NotImplemented, result);
        }

        space.Verify();
    }

    [Fact]
    public void Halves_of_registers_that_the_kernel_does_not_look_at_do_not_matter()
    {
        const ulong High = 0xdead_beef_0000_0000;
        using var space = new AddressSpace();
        Assert.Equal(0x10000, space.Invoke(9, 0x10000, 0x2000, 3 | High, 0x32 | High, ulong.MaxValue, 0));
        Assert.Equal(0, space.Invoke(28, 0x10000, 0x1000, 4 | High));
        Assert.Equal(0, space.Invoke(26, 0x10000, 0x1000, 4 | High));
        Assert.Equal(0, space.Invoke(325, 0x10000, 0x1000, 1 | High));
        Assert.Equal(0, space.Invoke(151, 2 | High));
        Assert.Equal(0, space.Invoke(329, 0x10000, 0x1000, 3, uint.MaxValue | High));
        Assert.Equal(-(long)Errno.InvalidArgument, space.Invoke(10, 0x10000, 0x1000, 3 | High));
        Assert.Equal(-(long)Errno.InvalidArgument, space.Invoke(462, 0x10000, 0x1000, High));
        Assert.Equal(-(long)Errno.NotSupported, MapShared(space, 3 | High));
    }

    private static long MapShared(AddressSpace space, ulong flags)
    {
        space.Descriptors.Open(new OpenFile(new MemoryObject(space.Memory, MemoryObjectKind.Memory, new ByteLength(0x1000))));
        return space.Invoke(9, 0, 0x1000, 3, flags, 0, 0);
    }
}
