using System.Globalization;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Linux.Settings;

namespace PageShift.Linux.Timing;

/// <summary>Samples what the threads of a program do with their processor time: their own code, page faults, or a system call. The kernel leaves a sample each time one of them has used another
/// quarter of a millisecond; nothing is stopped for it.
/// <para>After a thousand samples, a program is sampled an eighth of the time, and each of its samples counts eight times: a sample can take 30 us in a virtual machine, an eighth of the time that it
/// stands for. One that stops often for its tracer is sampled for 10 ms at a time, at first after 70 ms, then after 70 ms more each time, and has no event between: to begin and to end sampling at each
/// stop takes longer than the stop itself, and an event that only waits takes the kernel time at each stop too.</para>
/// Thread safety: none.</summary>
internal sealed class ProcessorSamples : IDisposable
{
    private const ulong Period = 250_000;

    // Beyond that, opening and keeping the events would be a burden of its own.
    private const int MostEvents = 1024;

    // How long it samples before it looks whether that is a burden, and how long it rests then. With as many stops in a
    // window, the events cost the program as much as the samples do.
    private const int ManySamples = 1000;
    private const int ManyStops = 80;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(10);
    private const int WindowsOfRest = 7;
    private const int MostWindowsOfRest = 100;

    // Fewer samples say nothing of where the time went, and to read the kernel's names takes longer than the program has run.
    private const long FewestSamples = 40;

    private readonly List<PerfRing> _rings = [];
    private readonly Dictionary<KernelEntry, long> _entries = [];
    private readonly ManualResetEvent _isOver = new(false);
    private readonly Func<IReadOnlyCollection<int>> _threads;
    private readonly Func<long> _stops;
    private readonly int[] _processors;
    private Thread? _reader;
    private long _samples;
    private long _ownCode;
    private long _lost;
    private long _stopsBefore;
    private bool _isResting;
    private int _restsFromStops;
    private int _weight = 1; // of the samples from now on

    private ProcessorSamples(Func<IReadOnlyCollection<int>> threads, Func<long> stops)
    {
        _threads = threads;
        _stops = stops;
        _processors = Online(ProcSetting.ReadText("/sys/devices/system/cpu/online") ?? "");
    }

    /// <summary>Begins.</summary>
    /// <param name="threads">Tells the threads, on any thread; those that they make while they are sampled are sampled too.</param>
    /// <param name="stops">Tells how often any of them has stopped for its tracer, on any thread.</param>
    /// <param name="reason">Why the result is null, as a part of a sentence.</param>
    public static ProcessorSamples? TryBegin(Func<IReadOnlyCollection<int>> threads, Func<long> stops, out string reason)
    {
        var samples = new ProcessorSamples(threads, stops);
        if (!samples.TryOpen(threads(), out reason))
        {
            samples.Dispose();
            return null;
        }

        samples._reader = new Thread(samples.ReadUntilOver) { IsBackground = true, Name = "samples" };
        samples._reader.Start();
        return samples;
    }

    /// <summary>Ends the sampling, and names what was found.</summary>
    /// <param name="reason">Why the result is null, as a part of a sentence.</param>
    public SampledTime? End(out string reason)
    {
        Stop();
        Close();
        if (_samples < FewestSamples)
        {
            reason = "the program used too little processor time to sample it";
            return null;
        }

        var names = KernelSymbols.TryRead([.. _entries.Select(e => (e.Key.Addresses, e.Value))], name => KernelEntry.KindOf(name) is not null);
        reason = names is null ? "the kernel does not show this user its addresses: that needs root, or kernel.kptr_restrict 0" : "";
        if (names is null)
            return null;
        var calls = new Dictionary<string, long>();
        foreach ((KernelEntry entry, long count) in _entries)
        {
            string kind = entry.KindWith(names);
            calls[kind] = calls.GetValueOrDefault(kind) + count;
        }

        return new SampledTime(_ownCode, calls, _lost) { Taken = _samples };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _isOver.Dispose();
        Close();
    }

    /// <summary>Ends the thread that reads.</summary>
    private void Stop()
    {
        _isOver.Set();
        _reader?.Join();
    }

    private bool TryOpen(IReadOnlyCollection<int> threads, out string reason)
    {
        reason = "";
        if (!CanOpen(threads.Count))
        {
            reason = "there are too many threads and processors to sample";
            return false;
        }

        foreach (int processor in _processors)
        {
            PerfRing? ring = PerfRing.TryOpen(threads.First(), processor, Period, out Errno error);
            if (ring is null)
            {
                reason = error is Errno.AccessDenied or Errno.OperationNotPermitted
                    ? "the kernel does not let this user sample it: that needs root, CAP_PERFMON, or kernel.perf_event_paranoid below 2"
                    : $"the kernel's samples could not be opened ({ErrnoName.Describe(error)})";
                return false;
            }

            _rings.Add(ring);
            foreach (int thread in threads.Skip(1))
                ring.Add(thread, processor, Period);
        }

        return true;
    }

    private bool CanOpen(int threads) => _processors.Length * threads is > 0 and <= MostEvents;

    private void ReadUntilOver()
    {
        TimeSpan next = Window;
        while (!_isOver.WaitOne(next))
            next = ReadOrRest();
    }

    /// <summary>Takes the samples that are there, and ends or begins to rest.</summary>
    /// <returns>When there is something to do again.</returns>
    private TimeSpan ReadOrRest()
    {
        long stops = _stops();
        int rest = 0;
        if (_isResting)
        {
            GoOn();
        }
        else
        {
            Read();
            bool isStopping = stops - _stopsBefore > ManyStops && _samples >= FewestSamples;
            rest = isStopping ? Math.Min(WindowsOfRest * ++_restsFromStops, MostWindowsOfRest) : _samples > ManySamples ? WindowsOfRest : 0;
            _weight = 1 + rest;
            if (rest > 0)
                Rest(isStopping);
        }

        _isResting = rest > 0;
        _stopsBefore = stops;
        return Window * Math.Max(1, rest);
    }

    private void Rest(bool mayClose)
    {
        // The threads that there will be have to be opened again.
        if (mayClose && CanOpen(_threads().Count))
        {
            Close();
            return;
        }

        foreach (PerfRing ring in _rings)
            ring.Sample(isWanted: false);
    }

    private void GoOn()
    {
        // Where none can be opened any more, the program is about to end.
        if (_rings.Count == 0 && !TryOpen(_threads(), out _))
            Close();
        foreach (PerfRing ring in _rings)
            ring.Sample(isWanted: true);
    }

    private void Close()
    {
        Read();
        foreach (PerfRing ring in _rings)
        {
            _lost += ring.Lost;
            ring.Dispose();
        }

        _rings.Clear();
    }

    private void Read()
    {
        foreach (PerfRing ring in _rings)
            ring.Read(Take);
    }

    private void Take(bool isKernel, ReadOnlySpan<ulong> chain)
    {
        _samples++;
        if (!isKernel || chain.IsEmpty)
        {
            _ownCode += _weight;
            return;
        }

        var entry = KernelEntry.Of(chain);
        _entries[entry] = _entries.GetValueOrDefault(entry) + _weight;
    }

    /// <summary>Reads a list such as <c>0-3,6</c>.</summary>
    internal static int[] Online(string list)
    {
        var processors = new List<int>();
        foreach (string part in list.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int[] ends = [.. part.Split('-').Select(n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1)];
            if (ends.Length is 1 or 2 && ends.All(e => e >= 0))
                processors.AddRange(Enumerable.Range(ends[0], Math.Max(0, ends[^1] - ends[0] + 1)));
        }

        return [.. processors];
    }
}

/// <summary>What samples say of the processor time of a program.</summary>
/// <param name="OwnCode">Samples in its own code.</param>
/// <param name="InKernel">Samples in the kernel, by what it did: <see cref="KernelEntry.PageFault"/>, <see cref="KernelEntry.Tracing"/>, <see cref="KernelEntry.Other"/>, or a system call's name.</param>
/// <param name="Lost">Samples that the kernel dropped.</param>
internal sealed record SampledTime(long OwnCode, IReadOnlyDictionary<string, long> InKernel, long Lost)
{
    /// <summary>How many samples there were; some count for several.</summary>
    public long Taken { get; init; }

    /// <summary>All samples but those in the stops that tracing adds.</summary>
    public long Total => OwnCode + InKernel.Sum(k => k.Value) - Of(KernelEntry.Tracing);

    /// <summary>The samples of one kind.</summary>
    public long Of(string kind) => InKernel.GetValueOrDefault(kind);
}

/// <summary>The outermost calls of a sample in the kernel, which tell how the kernel was entered.</summary>
internal readonly record struct KernelEntry(ulong First, ulong Second, ulong Third, ulong Fourth)
{
    /// <summary>A page fault of the program.</summary>
    public const string PageFault = "page fault";

    /// <summary>A stop for the tracer, and the filter that leads to it.</summary>
    public const string Tracing = "tracing";

    /// <summary>An interrupt, or what is not known.</summary>
    public const string Other = "other";

    private static readonly string[] CallPrefixes = ["__x64_sys_", "__do_sys_", "__se_sys_"];

    /// <summary>The addresses, outermost first.</summary>
    public IEnumerable<ulong> Addresses => [First, Second, Third, Fourth];

    /// <summary>Of a chain, innermost first.</summary>
    public static KernelEntry Of(ReadOnlySpan<ulong> chain) => new(At(chain, 1), At(chain, 2), At(chain, 3), At(chain, 4));

    /// <summary>What the kernel did.</summary>
    public string KindWith(KernelSymbols names)
    {
        foreach (ulong address in Addresses)
        {
            if (names.NameOf(address) is { } name && KindOf(name) is { } kind)
                return kind;
        }

        return Other;
    }

    /// <summary>What a function of the kernel says of how it was entered; null for nothing. A compiler may end a system call's function with a jump, so that the function behind it is all
    /// that is seen. Source: <c>arch/x86/entry</c>, <c>kernel/entry/common.c</c>, <c>include/linux/syscalls.h</c>, <c>mm</c> (names).</summary>
    internal static string? KindOf(string function)
    {
        foreach (string start in CallPrefixes)
        {
            if (function.StartsWith(start, StringComparison.Ordinal))
                return function[start.Length..];
        }

        if (function.StartsWith("asm_sysvec_", StringComparison.Ordinal))
            return Other;
        return function switch
        {
            "ksys_mmap_pgoff" or "vm_mmap_pgoff" => "mmap",
            "__vm_munmap" => "munmap",
            "do_mremap" => "mremap",
            "do_mprotect_pkey" => "mprotect",
            "do_madvise" => "madvise",
            "do_mlock" => "mlock",
            "asm_common_interrupt" => Other,
            "asm_exc_page_fault" or "exc_page_fault" or "do_user_addr_fault" => PageFault,
            "syscall_trace_enter" or "syscall_exit_work" or "syscall_exit_to_user_mode_prepare" or "ptrace_notify" or "ptrace_stop" or "__seccomp_filter" or "__secure_computing" => Tracing,
            _ => null,
        };
    }

    private static ulong At(ReadOnlySpan<ulong> chain, int fromEnd) => fromEnd <= chain.Length ? chain[^fromEnd] : 0;
}
