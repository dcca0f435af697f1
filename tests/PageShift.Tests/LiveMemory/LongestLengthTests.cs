using PageShift.AddressSpaces;
using PageShift.Memory;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Lengths up to the largest number: there is no room for them, whatever their sums and roundings come to, and nothing has changed.</summary>
public sealed class LongestLengthTests
{
    public static TheoryData<long> Lengths => [1L << 57, 1L << 60, (1L << 61) - 1, 1L << 62, long.MaxValue - (1 << 20) + 1, long.MaxValue - 10, long.MaxValue];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_list_has_no_room_for_it(long length)
    {
        using var list = new PageList<byte>();
        using var wide = new PageList<long>();
        for (byte i = 0; i < 10; i++)
        {
            list.Add(i);
            wide.Add(i);
        }

        foreach (long index in (long[])[0, 5, 10])
        {
            Assert.Throws<InsufficientMemoryException>(() => list.InsertRange(index, length));
            Assert.Throws<InsufficientMemoryException>(() => wide.InsertRange(index, length));
            Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], list.AsSpan(0, (int)list.Count).ToArray());
            Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], wide.AsSpan(0, (int)wide.Count).ToArray());
        }

        Assert.Throws<InsufficientMemoryException>(() => new PageList<byte>(length));
        Assert.Throws<InsufficientMemoryException>(() => new PageList<long>(length));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_stream_has_no_room_for_it(long length)
    {
        using var stream = new PageStream();
        stream.Write([1, 2, 3]);
        foreach (long position in (long[])[0, 2, 3])
            Assert.Throws<InsufficientMemoryException>(() => stream.Insert(position, length));
        Assert.Throws<InsufficientMemoryException>(() => stream.SetLength(length));
        stream.Position = length;
        Assert.Throws<InsufficientMemoryException>(() => stream.Write([4]));

        Assert.Equal(length, stream.Position);
        Assert.Equal([1, 2, 3], stream.ToArray());
    }

    [Fact]
    public void More_than_half_of_the_addresses_are_no_more_than_there_is_room_for()
    {
        const long Length = 70L << 40;
        using var space = new AddressSpace();
        using var stream = new PageStream(new PageBuffer(0, PageBufferOptions.Default, new EngineKernel(space)), leavesOpen: false);
        stream.SetLength(Length);
        Assert.Equal(Length, stream.Length);
    }
}
