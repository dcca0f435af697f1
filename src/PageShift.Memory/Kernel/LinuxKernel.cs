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
        MovesPages = CapabilityProbe.MovesPages(this);
        _userfaultfd = MovesPages ? Userfaultfd.TryOpen() : null;
        MovesSinglePages = _userfaultfd is not null && CapabilityProbe.MovesSinglePages(this);
    }

    /// <inheritdoc/>
    public ulong PageSize { get; }

    /// <inheritdoc/>
    public bool MovesPages { get; }

    /// <inheritdoc/>
    public bool MovesSinglePages { get; }

    /// <summary>Asks the kernel what it can do; null where it refuses even to map.</summary>
    /// <exception cref="InsufficientMemoryException">There is no room to find out.</exception>
    internal static LinuxKernel? TryOpen()
    {
        try
        {
            var kernel = new LinuxKernel();
            return CapabilityProbe.Maps(kernel) ? kernel : null;
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
}
