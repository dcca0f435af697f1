using System.Buffers;
using PageShift.AddressSpaces;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Leases, pins, disposal and misuse.</summary>
public sealed class LeaseTests
{
    private static readonly long Page = Environment.SystemPageSize;

    private static readonly Action<PageBuffer>[] Shifts =
    [
        b => b.Insert(0, Page), b => b.Remove(0, Page), b => b.Move(0, Page, Page), b => b.Exchange(0, Page, Page), b => b.DropFront(Page), b => b.Slide(Page), b => b.Split(Page),
        b => b.Resize(Page), b => b.Reserve(b.Capacity + 1), b => b.Append(new PageBuffer(Page)), b => b.Insert(0, new PageBuffer(Page)), b => b.Compact([]),
    ];

    private static readonly Action<PageBuffer>[] Others =
    [
        b => b.AsSpan(0, 1), b => b.AsMemory(0, 1), b => b.GetPointer(0), b => b.Pin(0), b => b.Lease(), b => b.Read(0, new byte[1]), b => b.Write(0, new byte[1]), b => b.Clear(0, 1), b => b.CopyWithin(0, 1, 1),
        b => b.AdviseHugePages(false), b => _ = b.Length, b => _ = b.Capacity, b => _ = b.PieceCount, b => _ = b.PageSize, b => _ = b.IsLeased,
    ];

    [Fact]
    public void While_a_lease_is_held_nothing_shifts()
    {
        using var buffer = new PageBuffer(4 * Page);
        PageLease lease = buffer.Lease();
        lease.AsSpan(0, 1)[0] = 1;
        foreach (Action<PageBuffer> shift in Shifts)
            Assert.Throws<InvalidOperationException>(() => shift(buffer));
        buffer.Resize(5 * Page); // growth shifts nothing
        buffer.Clear(0, 10);

        Assert.Equal(5 * Page, buffer.Length);
        lease.Dispose();
        Assert.False(buffer.IsLeased);
        foreach (Action<PageBuffer> shift in Shifts)
            shift(buffer);
    }

    [Fact]
    public void A_lease_that_is_disposed_twice_does_not_end_the_next()
    {
        using var buffer = new PageBuffer(4 * Page);
        PageLease lease = buffer.Lease();
        lease.Dispose();
        lease.Dispose();
        Assert.False(buffer.IsLeased);
        buffer.Insert(0, Page);
        using (buffer.Lease())
            Assert.Throws<InvalidOperationException>(() => buffer.Insert(0, Page));
    }

    [Fact]
    public void While_pinned_nothing_shifts()
    {
        using var buffer = new PageBuffer(4 * Page);
        Memory<byte> memory = buffer.AsMemory(100, 200);
        using (MemoryHandle ofMemory = memory.Pin())
        using (MemoryHandle ofBuffer = buffer.Pin(7))
            Assert.Throws<InvalidOperationException>(() => buffer.Insert(0, Page));
        buffer.Insert(0, Page);

        Assert.Equal(200, memory.Length);
        memory.Span[199] = 9;
        Assert.Equal(9, buffer.AsSpan(299, 1)[0]);
    }

    [Fact]
    public void After_Dispose_every_member_throws()
    {
        var buffer = new PageBuffer(4 * Page);
        Memory<byte> memory = buffer.AsMemory(0, 1);
        buffer.Dispose();
        buffer.Dispose();
        foreach (Action<PageBuffer> use in (Action<PageBuffer>[])[.. Shifts, .. Others, b => _ = memory.Span[0]])
            Assert.Throws<ObjectDisposedException>(() => use(buffer));
    }

    [Fact]
    public void Misuse_names_both_numbers()
    {
        using var buffer = new PageBuffer(4 * Page);
        AssertNames(() => buffer.Insert(Page + 1, Page), Page + 1, Page);
        AssertNames(() => buffer.Insert(0, 77), 77, Page);
        AssertNames(() => buffer.Insert(5 * Page, Page), 5 * Page, 4 * Page);
        AssertNames(() => buffer.Remove(Page, 4 * Page), 4 * Page, Page);
        AssertNames(() => buffer.Move(0, Page, 4 * Page), 4 * Page, Page);
        AssertNames(() => buffer.Resize(buffer.Capacity + Page), buffer.Capacity + Page, buffer.Capacity);
        AssertNames(() => buffer.AsSpan(4 * Page, 1), 4 * Page, 1);
        AssertNames(() => buffer.Read((4 * Page) - 3, new byte[4]), (4 * Page) - 3, 4);
        AssertNames(() => new PageBuffer(Page + 3), Page + 3, Page);
        ArgumentException overlap = Assert.Throws<ArgumentException>(() => buffer.Exchange(0, Page, 2 * Page));
        Assert.Contains($"{2 * Page}", overlap.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => buffer.Append(buffer));
    }

    [Fact]
    public void A_use_without_a_lease_is_found()
    {
        using var buffer = new PageBuffer(4 * Page, new PageBufferOptions { FindUnleasedUse = true });
        buffer.Write(3, [5]);
        Assert.Throws<InvalidOperationException>(() => buffer.AsSpan(3, 1)[0]);
        Assert.Throws<InvalidOperationException>(() => buffer.GetPointer(3));
        using (PageLease lease = buffer.Lease())
            Assert.Equal(5, lease.AsSpan(3, 1)[0]);
    }

    [Fact]
    public void A_use_after_its_lease_faults_in_the_engine()
    {
        using var space = new AddressSpace();
        using var buffer = new PageBuffer(4 * 4096, new PageBufferOptions { FindUnleasedUse = true }, new EngineKernel(space));
        var address = new VirtualAddress(buffer.BaseAddress);
        using (buffer.Lease())
            space.Write(address, 1);
        Assert.NotNull(Record.Exception(() => space.Write(address, 2)));
        buffer.Insert(0, 4096);
        Assert.NotNull(Record.Exception(() => space.Write(address, 2)));
    }

    [Fact]
    public void A_buffer_that_nobody_disposed_gives_its_addresses_back()
    {
        if (!OperatingSystem.IsLinux())
            return;
        ulong place = Forget();
        for (int i = 0; i < 100 && IsMapped(place); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(IsMapped(place));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static ulong Forget() => new PageBuffer(Page, new PageBufferOptions { Capacity = 1L << 33 }).BaseAddress;

    private static bool IsMapped(ulong address) => SystemKernel.Instance.Advise(address, (ulong)Page, PageAdvice.Normal) == 0;

    private static void AssertNames(Action misuse, long first, long second)
    {
        ArgumentOutOfRangeException thrown = Assert.Throws<ArgumentOutOfRangeException>(misuse);
        Assert.Contains($"{first}", thrown.Message, StringComparison.Ordinal);
        Assert.Contains($"{second}", thrown.Message, StringComparison.Ordinal);
    }
}
