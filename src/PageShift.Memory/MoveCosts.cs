using PageShift.Memory.Kernel;
using PageShift.Memory.Moving;

namespace PageShift.Memory;

/// <summary>What moving and copying cost on a machine, in nanoseconds: what an operation decides by when it may do either.</summary>
/// <remarks>Immutable, thread-safe. The decision changes how long an operation takes, never what it does.</remarks>
public sealed record MoveCosts
{
    private static MoveCosts? _current;

    /// <summary>One system call that moves one mapping, whatever its size.</summary>
    public double Call { get; init; } = 4500;

    /// <summary>One present page whose entry moves alone.</summary>
    public double Page { get; init; } = 30;

    /// <summary>One page table that moves as an entry of the level above (2 MiB with pages of 4 KiB).</summary>
    public double PageTable { get; init; } = 200;

    /// <summary>One table of page tables that moves as an entry (1 GiB with pages of 4 KiB).</summary>
    public double Directory { get; init; } = 500;

    /// <summary>Copying 1 KiB in copies of up to 256 KiB.</summary>
    public double CopyNear { get; init; } = 25;

    /// <summary>Copying 1 KiB in copies of 4 MiB.</summary>
    public double CopyMiddle { get; init; } = 75;

    /// <summary>Copying 1 KiB in copies of 64 MiB or more.</summary>
    public double CopyFar { get; init; } = 200;

    /// <summary>The fault of a page that is written to for the first time, zeroing included.</summary>
    public double Fault { get; init; } = 400;

    /// <summary>A table measured on one machine: Linux 6.18 on a virtual machine with Intel's processor, pages of 4 KiB. It serves where nothing can be measured.</summary>
    public static MoveCosts Typical { get; } = new();

    /// <summary>What buffers decide by that were not given costs of their own. Measured here at its first use, which takes some 20 ms; set it before to avoid that, or to overrule what was
    /// measured.</summary>
    /// <exception cref="ArgumentNullException">It is set to null.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room to try whether pages can be moved.</exception>
    public static MoveCosts Current
    {
        get => Volatile.Read(ref _current) ?? MeasureOnce();
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Volatile.Write(ref _current, value);
        }
    }

    /// <summary>Measures this machine. Takes some 20 ms and 17 MiB, which are given back. <see cref="Typical"/> where pages can't be moved, or memory is too short for it.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no room even to try whether pages can be moved.</exception>
    public static MoveCosts Measure() => SystemKernel.Instance.MovesPages ? CostMeasurement.TryRun(SystemKernel.Instance) ?? Typical : Typical;

    /// <summary>What copying <paramref name="bytes"/> between present pages costs.</summary>
    internal double Copy(ulong bytes)
    {
        const double Near = 18; // log2 of 256 KiB
        const double Middle = 22;
        const double Far = 26;
        double size = Math.Log2(Math.Max(bytes, 1));
        double each = size <= Near ? CopyNear
            : size <= Middle ? Between(CopyNear, CopyMiddle, (size - Near) / (Middle - Near))
            : size <= Far ? Between(CopyMiddle, CopyFar, (size - Middle) / (Far - Middle))
            : CopyFar;
        return each * bytes / 1024;
    }

    /// <summary>What one system call costs that moves a range whose pages are all present.</summary>
    internal double Move(ulong from, ulong to, ulong length, TableSpans spans)
    {
        SpanCounts entries = spans.Entries(from, to, length);
        return Call + (entries.Directories * Directory) + (entries.Tables * PageTable) + (entries.Pages * Page);
    }

    private static double Between(double low, double high, double part) => low + ((high - low) * part);

    private static MoveCosts MeasureOnce()
    {
        MoveCosts? measured = SystemKernel.Instance.MovesPages ? CostMeasurement.TryRun(SystemKernel.Instance) : Typical;
        if (measured is null)
            return Typical; // a shortage of memory is not kept: the next use measures
        return Interlocked.CompareExchange(ref _current, measured, null) ?? measured;
    }
}
