using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Probing;
using PageShift.Memory.Interop;
using PageShift.Memory.Kernel;
using PageShift.Units;

namespace PageShift.Tests.LiveMemory;

/// <summary>The running kernel in a process of its own, with its counters read around each move.</summary>
internal sealed class ProbedKernel(KernelExecutor executor, KernelProbe probe) : IMemoryKernel
{
    public ulong PageSize => PageShift.Units.PageSize.Bytes;

    public bool MovesPages => true;

    public bool MovesSinglePages => false;

    /// <summary>The flushes that the kernel counted in the moves so far.</summary>
    internal long Flushes { get; set; }

    public long Map(ulong address, ulong length, PageAccess access, MapOptions options) =>
        Invoke(SystemCallNumber.Map, address, length, (ulong)access, (ulong)options, ulong.MaxValue);

    public long Unmap(ulong address, ulong length) => Invoke(SystemCallNumber.Unmap, address, length);

    public long Protect(ulong address, ulong length, PageAccess access) => Invoke(SystemCallNumber.Protect, address, length, (ulong)access);

    public long Remap(ulong old, ulong oldLength, ulong newLength, RemapOptions options, ulong @new)
    {
        MeasuredCost cost = probe.Measure(out KernelOutcome outcome, SystemCallNumber.Remap, new(old, oldLength, newLength, (ulong)options, @new));
        Flushes += cost.TlbFlushes;
        return outcome.Result.Raw;
    }

    public long Advise(ulong address, ulong length, PageAdvice advice) => Invoke(SystemCallNumber.Advise, address, length, (ulong)advice);

    public long MovePages(ulong source, ulong destination, ulong length) => KernelError.NotImplemented;

    public void Copy(ulong source, ulong destination, ulong length)
    {
        var bytes = new byte[length];
        Read(source, bytes);
        Write(destination, bytes);
    }

    public void Clear(ulong address, ulong length) => executor.Fill(new VirtualAddress(address), 0, new ByteLength(length));

    public void Touch(ulong address)
    {
        var one = new byte[1];
        Read(address, one);
        Write(address, one);
    }

    public bool IsZero(ulong address, ulong length)
    {
        var bytes = new byte[length];
        Read(address, bytes);
        return !bytes.AsSpan().ContainsAnyExcept((byte)0);
    }

    public void Read(ulong address, Span<byte> destination) => executor.Read(new VirtualAddress(address), destination);

    public void Write(ulong address, ReadOnlySpan<byte> source) => executor.Write(new VirtualAddress(address), source);

    private long Invoke(SystemCallNumber number, ulong first, ulong second, ulong third = 0, ulong fourth = 0, ulong fifth = 0) =>
        executor.Invoke(number, new(first, second, third, fourth, fifth)).Result.Raw;
}
