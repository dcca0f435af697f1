using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>The ring in which the kernel leaves the samples of one processor, with the events that write to it. Read by one thread at a time.
/// Source: <c>include/uapi/linux/perf_event.h</c> (layout of <c>struct perf_event_mmap_page</c> and of the records).</summary>
internal sealed unsafe class PerfRing : IDisposable
{
    private const int DataPages = 64;
    private const ulong PageBytes = 4096;
    private const ulong DataBytes = DataPages * PageBytes;
    private const int HeadOffset = 1024;
    private const int TailOffset = 1032;
    private const int HeaderBytes = 8;
    private const uint LostRecord = 2;
    private const uint SampleRecord = 9;
    private const int ModeMask = 7;
    private const int KernelMode = 1;
    private const ulong LowestContextMark = unchecked((ulong)-4095);

    private readonly List<SafeFileHandle> _events = [];
    private readonly ulong[] _chain = new ulong[128];
    private byte* _page;

    private PerfRing(SafeFileHandle first, byte* page)
    {
        _events.Add(first);
        _page = page;
    }

    /// <summary>Samples that the kernel had to drop.</summary>
    public long Lost { get; private set; }

    /// <summary>Begins to sample a thread, and those that it makes from now on, on one processor.</summary>
    public static PerfRing? TryOpen(int thread, int processor, ulong nanoseconds, out Errno error)
    {
        if (Kernel.PerfEventOpenSampling(thread, processor, nanoseconds, out error) is not { } first)
            return null;
        CallResult mapped = Kernel.MmapShared(first, 0, DataBytes + PageBytes);
        error = mapped.Error;
        if (!mapped.IsError)
            return new PerfRing(first, (byte*)mapped.Raw);
        first.Dispose();
        return null;
    }

    /// <summary>Samples a further thread into the same ring; one that has ended is passed over.</summary>
    public void Add(int thread, int processor, ulong nanoseconds)
    {
        if (Kernel.PerfEventOpenSampling(thread, processor, nanoseconds, out _) is not { } further)
            return;
        if (Kernel.IoctlSetOutput(further, _events[0]).IsError)
            further.Dispose();
        else
            _events.Add(further);
    }

    /// <summary>Goes on with the sampling, or rests it.</summary>
    public void Sample(bool isWanted)
    {
        foreach (SafeFileHandle handle in _events)
            _ = Kernel.IoctlEnable(handle, isWanted);
    }

    /// <summary>Takes every sample that is there.</summary>
    /// <param name="take">Gets whether the processor was in the kernel, and there the addresses of the calls, innermost first.</param>
    public void Read(TakeSample take)
    {
        if (_page is null)
            return;
        ulong head = Volatile.Read(ref *(ulong*)(_page + HeadOffset));
        ulong tail = *(ulong*)(_page + TailOffset);
        while (tail < head)
        {
            uint type = (uint)Word(tail);
            ulong rest = Word(tail) >> 32;
            int misc = (int)(rest & 0xffff), size = (int)(rest >> 16);
            if (type == SampleRecord)
                ReadChain(tail + HeaderBytes, (misc & ModeMask) == KernelMode, take);
            else if (type == LostRecord)
                Lost += (long)Word(tail + (2 * HeaderBytes));
            tail += (ulong)Math.Max(size, HeaderBytes);
        }

        Volatile.Write(ref *(ulong*)(_page + TailOffset), tail);
    }

    /// <summary>Ends the sampling.</summary>
    public void Dispose()
    {
        if (_page is not null)
            _ = Kernel.Munmap((nint)_page, DataBytes + PageBytes);
        _page = null;
        foreach (SafeFileHandle handle in _events)
            handle.Dispose();
    }

    private void ReadChain(ulong at, bool isKernel, TakeSample take)
    {
        int count = (int)Math.Min(Word(at), (ulong)_chain.Length), kept = 0;
        for (int i = 1; i <= count; i++)
        {
            ulong address = Word(at + (ulong)(i * HeaderBytes));
            if (address < LowestContextMark)
                _chain[kept++] = address;
        }

        take(isKernel, _chain.AsSpan(0, kept));
    }

    // Records are multiples of eight bytes, so that no word is cut by the ring's end.
    private ulong Word(ulong position) => *(ulong*)(_page + PageBytes + (position % DataBytes));
}

/// <summary>Takes a sample: whether the processor was in the kernel, and there the addresses of the calls, innermost first.</summary>
internal delegate void TakeSample(bool isKernel, ReadOnlySpan<ulong> chain);
