using System.Runtime.InteropServices;
using PageShift.Memory.Interop;

namespace PageShift.Memory.Kernel;

/// <summary>The running Linux kernel.</summary>
internal sealed class LinuxKernel : IMemoryKernel
{
    private readonly Userfaultfd? _userfaultfd;

    private LinuxKernel()
    {
        PageSize = (ulong)Environment.SystemPageSize;
        MovesPages = TryMove();
        _userfaultfd = MovesPages ? Userfaultfd.TryOpen() : null;
        MovesSinglePages = _userfaultfd is not null && TryMoveSinglePage();
    }

    /// <inheritdoc/>
    public ulong PageSize { get; }

    /// <inheritdoc/>
    public bool MovesPages { get; }

    /// <inheritdoc/>
    public bool MovesSinglePages { get; }

    /// <summary>Asks the kernel what it can do; null where it refuses even to map.</summary>
    internal static LinuxKernel? TryOpen()
    {
        try
        {
            var kernel = new LinuxKernel();
            long probe = kernel.Map(0, kernel.PageSize, PageAccess.None, MapOptions.Private);
            if (probe < 0)
                return null;
            kernel.Unmap((ulong)probe, kernel.PageSize);
            return kernel;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return null; // no C library of that name
        }
    }

    /// <inheritdoc/>
    public long Map(ulong address, ulong length, PageAccess access, MapOptions options) =>
        Answer(LinuxCalls.Map((nuint)address, (nuint)length, (int)access, (int)options, -1, 0));

    /// <inheritdoc/>
    public long Unmap(ulong address, ulong length) => Answer(LinuxCalls.Unmap((nuint)address, (nuint)length));

    /// <inheritdoc/>
    public long Protect(ulong address, ulong length, PageAccess access) => Answer(LinuxCalls.Protect((nuint)address, (nuint)length, (int)access));

    /// <inheritdoc/>
    public long Remap(ulong old, ulong oldLength, ulong newLength, RemapOptions options, ulong @new) =>
        Answer(LinuxCalls.Remap((nuint)old, (nuint)oldLength, (nuint)newLength, (int)options, (nuint)@new));

    /// <inheritdoc/>
    public long Advise(ulong address, ulong length, PageAdvice advice) => Answer(LinuxCalls.Advise((nuint)address, (nuint)length, (int)advice));

    /// <inheritdoc/>
    public long MovePages(ulong source, ulong destination, ulong length) => _userfaultfd?.Move(source, destination, length) ?? KernelError.NotImplemented;

    /// <inheritdoc/>
    public void Copy(ulong source, ulong destination, ulong length) => NativeBytes.Copy(source, destination, length);

    /// <inheritdoc/>
    public void Clear(ulong address, ulong length) => NativeBytes.Clear(address, length);

    /// <inheritdoc/>
    public void Touch(ulong address) => NativeBytes.Touch(address);

    /// <inheritdoc/>
    public bool IsZero(ulong address, ulong length) => NativeBytes.IsZero(address, length);

    /// <inheritdoc/>
    public void Read(ulong address, Span<byte> destination) => NativeBytes.Read(address, destination);

    /// <inheritdoc/>
    public void Write(ulong address, ReadOnlySpan<byte> source) => NativeBytes.Write(address, source);

    private static long Answer(nint result) => result == -1 ? -Marshal.GetLastPInvokeError() : result;

    /// <summary>True when a page can be moved by <see cref="RemapOptions.Move"/> (Linux 5.7), and arrives with its bytes.</summary>
    private bool TryMove()
    {
        const ulong Pages = 2;
        long place = Map(0, Pages * PageSize, PageAccess.ReadWrite, MapOptions.Private);
        if (place < 0)
            return false;
        var at = (ulong)place;
        Write(at, [1]);
        bool isMoved = Remap(at, PageSize, PageSize, RemapOptions.Move, at + PageSize) == (long)(at + PageSize) && FirstByte(at) == 0 && FirstByte(at + PageSize) == 1;
        Unmap(at, Pages * PageSize);
        return isMoved;
    }

    private bool TryMoveSinglePage()
    {
        long source = Map(0, PageSize, PageAccess.ReadWrite, MapOptions.Private);
        long destination = Map(0, PageSize, PageAccess.ReadWrite, MapOptions.Private);
        bool isMoved = false;
        if (source >= 0 && destination >= 0)
        {
            Write((ulong)source, [1]);
            isMoved = MovePages((ulong)source, (ulong)destination, PageSize) == (long)PageSize && FirstByte((ulong)destination) == 1;
        }

        if (source >= 0)
            Unmap((ulong)source, PageSize);
        if (destination >= 0)
            Unmap((ulong)destination, PageSize);
        return isMoved;
    }

    private byte FirstByte(ulong address)
    {
        Span<byte> value = stackalloc byte[1];
        Read(address, value);
        return value[0];
    }
}
