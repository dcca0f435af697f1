using CsCheck;
using PageShift.Calls.Machines;
using PageShift.Cli.Walking;
using PageShift.PageTables;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Walking;

/// <summary>An address taken apart.</summary>
public sealed class AddressWalkTests
{
    [Fact]
    public void The_address_of_the_concepts_is_taken_apart_as_they_say()
    {
        var walk = new AddressWalk(new VirtualAddress(0x8100123), PagingGeometry.X86, Machine.Usual);

        Assert.Equal([0, 0, 64, 256], walk.Steps.Select(step => step.Index));
        Assert.Equal([39, 30, 21, 12], walk.Steps.Select(step => step.LowBit));
        Assert.Equal(0x123UL, walk.Offset);
    }

    [Fact]
    public void The_indexes_and_the_offset_put_together_are_the_address_on_every_machine()
    {
        (PagingGeometry Geometry, Machine? Machine)[] shapes =
        [
            (PagingGeometry.X86, null), (PagingGeometry.X86FiveLevel, null), (PagingGeometry.Toy(2, 1), null), (PagingGeometry.Toy(3, 2), null), (PagingGeometry.Toy(5, 8), null),
            .. Machines().Select(machine => (machine.ShownGeometry, (Machine?)machine)),
        ];

        Gen.Select(Gen.Int[0, shapes.Length - 1], Gen.ULong).Sample((shape, bits) =>
        {
            PagingGeometry geometry = shapes[shape].Geometry;
            var address = new VirtualAddress(bits % geometry.UserLimit.Value);
            var walk = new AddressWalk(address, geometry, shapes[shape].Machine);
            ulong together = walk.Offset;
            foreach (WalkStep step in walk.Steps)
            {
                together += (ulong)step.Index << step.LowBit;
                Assert.InRange(step.Index, 0, (1 << step.Bits) - 1);
                Assert.True(address >= step.Entry.Start && address < step.Entry.End);
            }

            Assert.Equal(address.Value, together);
            Assert.InRange(walk.OffsetBits + walk.Steps.Sum(step => step.Bits) - walk.AddressBits, 0, 1);
        });
    }

    private static IEnumerable<Machine> Machines()
    {
        foreach (Architecture architecture in ArchitectureName.All)
        {
            foreach (int pageShift in (int[])[12, 14, 16])
            {
                Machine? machine = null;
                try
                {
                    machine = new MachineEvidence().Choose(new MachineRequest(architecture, pageShift), statedPageSize: 0);
                }
                catch (UnsupportedMachineException)
                {
                    // not every processor has every page size
                }

                if (machine is not null)
                    yield return machine;
            }
        }
    }
}
