using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Memory.Interop;
using PageShift.Memory.Kernel;
using PageShift.SystemCalls;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>The engine as the kernel below the library: the same calls, on a simulated Linux.</summary>
internal sealed class EngineKernel(AddressSpace space) : IMemoryKernel
{
    private byte[] _block = new byte[1 << 16];

    public ulong PageSize => Units(1);

    public bool MovesPages => true;

    /// <summary>True to have single pages moved by copying them, and only the first half of what is asked, as a kernel may that is disturbed.</summary>
    public bool MovesSinglePages { get; init; }

    internal AddressSpace Space => space;

    public long Map(ulong address, ulong length, PageAccess access, MapOptions options) =>
        space.Invoke((long)SystemCallNumber.Map, address, length, (ulong)access, (ulong)options, ulong.MaxValue);

    public long Unmap(ulong address, ulong length) => space.Invoke((long)SystemCallNumber.Unmap, address, length);

    public long Protect(ulong address, ulong length, PageAccess access) => space.Invoke((long)SystemCallNumber.Protect, address, length, (ulong)access);

    public long Remap(ulong old, ulong oldLength, ulong newLength, RemapOptions options, ulong @new) =>
        space.Invoke((long)SystemCallNumber.Remap, old, oldLength, newLength, (ulong)options, @new);

    public long Advise(ulong address, ulong length, PageAdvice advice) => space.Invoke((long)SystemCallNumber.Advise, address, length, (ulong)advice);

    public long MovePages(ulong source, ulong destination, ulong length)
    {
        if (!MovesSinglePages)
            return KernelError.NotImplemented;
        const ulong Most = 64 << 10; // a whole page of any size
        ulong moved = Math.Min(length, ((length / 2) + Most - 1) & ~(Most - 1));
        Copy(source, destination, moved);
        Assert.Equal(0, Advise(source, moved, PageAdvice.DontNeed));
        return (long)moved;
    }

    public void Copy(ulong source, ulong destination, ulong length)
    {
        Span<byte> block = Block(length);
        Read(source, block);
        Write(destination, block);
    }

    public void Clear(ulong address, ulong length)
    {
        Span<byte> block = Block(length);
        block.Clear();
        Write(address, block);
    }

    public void Touch(ulong address) => space.Write(new VirtualAddress(address), space.Read<byte>(new VirtualAddress(address)));

    public bool IsZero(ulong address, ulong length)
    {
        Span<byte> block = Block(length);
        Read(address, block);
        return !block.ContainsAnyExcept((byte)0);
    }

    public void Read(ulong address, Span<byte> destination) => space.Read(new VirtualAddress(address), destination);

    public void Write(ulong address, ReadOnlySpan<byte> source) => space.Write(new VirtualAddress(address), source);

    private static ulong Units(ulong pages) => pages << PageShift.Units.PageSize.Shift;

    private Span<byte> Block(ulong length)
    {
        if ((ulong)_block.Length < length)
            _block = new byte[length];
        return _block.AsSpan(0, (int)length);
    }
}
