using System.Diagnostics;
using PageShift.Linux.Processes;
using PageShift.Linux.Timing;

namespace PageShift.Linux.Tracing;

/// <summary>Measures what a traced program uses, apart from its memory calls: time, page faults, and where its processor time goes. Used by the tracing thread only.</summary>
internal sealed class UsageMeter : IDisposable
{
    private long _startedAt;
    private long _minorFaults;
    private long _majorFaults;
    private ProcessorSamples? _samples;
    private string _whyNotSampled = "";

    /// <summary>Begins with a process, whose threads are stopped. What it has used before is no part of it.</summary>
    /// <param name="process">The process.</param>
    /// <param name="processes">Tells all that are traced, on any thread.</param>
    /// <param name="stops">Tells how often any of their threads has stopped, on any thread.</param>
    public void Begin(int process, Func<IEnumerable<int>> processes, Func<long> stops)
    {
        _samples = ProcessorSamples.TryBegin(() => [.. processes().SelectMany(ProcessThreads.Of)], stops, out _whyNotSampled);
        Count(process, sign: -1);
        _startedAt = Stopwatch.GetTimestamp();
    }

    /// <summary>Adds what a process has used, which is about to end or to be left.</summary>
    public void Add(int process) => Count(process, sign: 1);

    /// <summary>Ends.</summary>
    public ProgramUsage End()
    {
        long elapsed = (long)Stopwatch.GetElapsedTime(_startedAt).TotalNanoseconds;
        SampledTime? sampled = _samples?.End(out _whyNotSampled);
        return new ProgramUsage(elapsed, _minorFaults, _majorFaults, sampled, _whyNotSampled);
    }

    /// <inheritdoc/>
    public void Dispose() => _samples?.Dispose();

    private void Count(int process, int sign)
    {
        (ulong minor, ulong major) = ProcessFields.ReadFaults(process) ?? default;
        _minorFaults += sign * (long)minor;
        _majorFaults += sign * (long)major;
    }
}

/// <summary>What a traced program used.</summary>
/// <param name="ElapsedNanoseconds">Time by the clock, from its first instruction, or from attaching to it, to its end, or to leaving it.</param>
/// <param name="MinorFaults">Page faults that were served from memory.</param>
/// <param name="MajorFaults">Page faults that had to wait for a device.</param>
/// <param name="Sampled">Where the processor time went; null where that is not known.</param>
/// <param name="WhyNotSampled">Why it is not, as a part of a sentence.</param>
internal sealed record ProgramUsage(long ElapsedNanoseconds, long MinorFaults, long MajorFaults, SampledTime? Sampled, string WhyNotSampled);
