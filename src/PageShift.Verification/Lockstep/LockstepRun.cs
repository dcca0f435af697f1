using System.Globalization;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Processes;
using PageShift.Units;

namespace PageShift.Verification.Lockstep;

/// <summary>Executes calls on the kernel and on the engine in turn, and compares after each what came of it: the result, the address that the kernel chose, the mappings, which
/// pages are present and of what kind, and bytes.
/// Thread safety: none; one thread at a time.</summary>
/// <remarks>A call that the executor must not run is left out on both sides. A fork's child is called by the value of its record's outcome.</remarks>
public sealed class LockstepRun : IDisposable
{
    private const int FlagsInterval = 16;
    private const int PagesPerCall = 3;
    private const int PagesAtEnd = 64;
    private const int SampleBytes = 64;

    private readonly EngineSide _engine;
    private readonly KernelSide _kernel;
    private readonly KernelActivity _activity;
    private readonly SpaceSnapshot _engineState = new();
    private readonly SpaceSnapshot _kernelState = new();
    private readonly SpaceComparison _comparison = new(new FilePairs());
    private readonly byte[] _engineBytes = new byte[PageSize.Bytes];
    private readonly byte[] _kernelBytes = new byte[PageSize.Bytes];
    private readonly int _flagsInterval;
    private int _calls;
    private bool _hasDiverged;
    private CallRecord _last;
    private SplitMix _sampling = new(0x5eed);

    internal LockstepRun(EngineSide engine, KernelSide kernel, KernelActivity activity, bool isThorough)
    {
        activity.Begin();
        _activity = activity;
        _flagsInterval = isThorough ? 1 : FlagsInterval;
        _engine = engine;
        _kernel = kernel;
    }

    /// <summary>How many calls both sides have made.</summary>
    public int Executed { get; private set; }

    /// <summary>The result of the last call, as the kernel gave it; null when it was left out.</summary>
    public CallResult? LastResult { get; private set; }

    /// <summary>In how many calls the engine was told what only the kernel can know: <see cref="KnownDifferences.RandomPlacementBelow2GiB"/>.</summary>
    public int Drawn { get; private set; }

    /// <summary>How many calls reclaimed pages, which the engine then gave up too, or were left out because they might: <see cref="KnownDifferences.PagesReclaimedOnRequest"/>.</summary>
    public int Reclaimed { get; private set; }

    /// <summary>How many calls were left out because the engine does not have them.</summary>
    public int Unmodelled { get; private set; }

    /// <summary>After how many calls the engine took pages of zeroes for parts of a large page: <see cref="KnownDifferences.PagesOfALargePage"/>.</summary>
    public int TakenApart { get; private set; }

    /// <summary>The engine's space of a process; null when there is no such process.</summary>
    public AddressSpace? SpaceOf(int process) => _engine.SpaceOf(process);

    /// <summary>What the process that made the last call holds, as the engine shows it.</summary>
    internal SpaceSnapshot LastState => _engineState;

    /// <summary>Executes one call on both sides, and compares.</summary>
    /// <returns>The first difference, or null.</returns>
    public Divergence? Step(in CallRecord record)
    {
        int index = _calls++;
        _last = record;
        LastResult = null;
        if (_engine.SpaceOf(record.ThreadId) is { } space && IsLeftOut(record, space))
            return null;

        CallAnswer kernel = _kernel.Execute(record);
        if (!kernel.IsMade)
            return _kernel.HasEnded(record.ThreadId) && _engine.SpaceOf(record.ThreadId) is not null ? Report(index, new Difference("the processes", "alive", "ended")) : null;
        Executed++;
        LastResult = kernel.Result;
        if (KnownDifferences.IsDrawn(record, kernel.Result))
            Drawn++;
        Difference? difference;
        try
        {
            difference = CompareStep(record, index, kernel);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            difference = new Difference("the outcomes", $"threw {failure}", Text(record, kernel.Result));
        }

        return difference is null ? null : Report(index, difference);
    }

    /// <summary>Compares all processes thoroughly, and checks the engine's invariants.</summary>
    /// <returns>The first difference, or null.</returns>
    public Divergence? Finish()
    {
        foreach (int process in _engine.Processes)
        {
            Difference? difference = CompareProcess(process, withFlags: true, PagesAtEnd, (int)PageSize.Bytes);
            if (difference is not null)
                return Report(Math.Max(_calls - 1, 0), difference with { Subject = string.Create(CultureInfo.InvariantCulture, $"{difference.Subject} of process {process} at the end") });
        }

        return CheckInvariants() is { } broken ? Report(Math.Max(_calls - 1, 0), broken) : null;
    }

    /// <summary>Ends both sides.</summary>
    public void Dispose()
    {
        _kernel.Dispose();
        try
        {
            _engine.Dispose();
        }
        catch (Exception) when (_hasDiverged)
        {
            // A space that has gone wrong may be beyond taking down. What was found matters.
        }
    }

    private Difference? CompareStep(in CallRecord record, int index, in CallAnswer kernel)
    {
        CallAnswer engine = _engine.Execute(KnownDifferences.Told(record, kernel));
        _engine.ThrowIfHostExhausted();
        Difference? difference = CompareAnswers(record, engine, kernel);
        if (difference is null && record.Call.Number != SystemCallNumber.ExitGroup)
            difference = CompareProcess(record.ThreadId, index % _flagsInterval == 0, PagesPerCall, SampleBytes);
        if (difference is null && record.Call.Number == SystemCallNumber.Clone)
            difference = CompareProcess((int)kernel.Result.Raw, withFlags: true, PagesPerCall, SampleBytes);
        return difference;
    }

    private Divergence Report(int index, Difference difference)
    {
        _hasDiverged = true;
        return new Divergence(_last.Name, difference) { Index = index, Line = _last.Line, ThreadId = _last.ThreadId, Explanation = _activity.Explain() };
    }

    private Difference? CheckInvariants()
    {
        try
        {
            _engine.Verify();
            return null;
        }
        catch (InvalidOperationException failure)
        {
            return new Difference("the invariants", failure.Message, "has none");
        }
    }

    private bool IsLeftOut(in CallRecord record, AddressSpace space)
    {
        if (UnmodelledCalls.Contains(record, space, _engine.HasHugePagePool))
        {
            Unmodelled++;
            return true;
        }

        bool isLeftOut = KnownDifferences.IsLeftOut(record, space, _engine.HasSwap);
        Reclaimed += isLeftOut ? 1 : 0;
        return isLeftOut;
    }

    private Difference? CompareAnswers(in CallRecord record, in CallAnswer engine, in CallAnswer kernel)
    {
        if (engine.Result != kernel.Result)
            return new Difference("the results", Text(record, engine.Result), Text(record, kernel.Result));
        if (engine.BytesDone != kernel.BytesDone)
            return new Difference("the bytes done", engine.BytesDone.ToString(CultureInfo.InvariantCulture), kernel.BytesDone.ToString(CultureInfo.InvariantCulture));
        if (engine.FaultAddress != kernel.FaultAddress)
            return new Difference("the fault addresses", new VirtualAddress(engine.FaultAddress).ToString(), new VirtualAddress(kernel.FaultAddress).ToString());
        int common = _engine.Data.Bytes.CommonPrefixLength(_kernel.Data.Bytes);
        return common == _engine.Data.Length && common == _kernel.Data.Length
            ? null
            : new Difference(string.Create(CultureInfo.InvariantCulture, $"the bytes given back, from {common},"), Hexadecimal(_engine.Data.Bytes, common), Hexadecimal(_kernel.Data.Bytes, common));
    }

    private Difference? CompareProcess(int process, bool withFlags, int pages, int bytes)
    {
        _ = _engine.Observe(process, _engineState, withFlags);
        if (!_kernel.Observe(process, _kernelState, withFlags))
            return new Difference("the processes", "alive", "ended");
        Difference? difference = _comparison.Compare(_engineState, _kernelState);
        if (difference is not null && process == _last.ThreadId && KnownDifferences.MayTakeApart(_last))
            difference = Follow(process, withFlags);
        return difference ?? CompareBytes(process, pages, bytes);
    }

    /// <summary>Does to the engine's pages what the kernel did for reasons that can't be seen, as far as that is enough to make them alike.</summary>
    /// <returns>The difference that is left, or null.</returns>
    private Difference? Follow(int process, bool withFlags)
    {
        if (KnownDifferences.MayReclaim(_last) && _engine.DropReclaimed(process, RangeOf(_last.Call.Arguments), _kernelState))
        {
            Reclaimed++;
            _ = _engine.Observe(process, _engineState, withFlags);
        }

        if (_comparison.Compare(_engineState, _kernelState) is null)
            return null;
        TakenApart++;
        _engine.ShareZeroes(process, _engineState, _kernelState);
        _ = _engine.Observe(process, _engineState, withFlags);
        return _comparison.Compare(_engineState, _kernelState);
    }

    /// <summary>Compares bytes of some present pages: the first of the call's own range, others at random.</summary>
    private Difference? CompareBytes(int process, int pages, int bytes)
    {
        List<PageRun> runs = _engineState.Pages;
        if (runs.Count == 0)
            return null;
        for (int i = 0; i < pages; i++)
        {
            PageRun run = runs[i < runs.Count && pages == PagesAtEnd ? i : (int)_sampling.Below((ulong)runs.Count)];
            if ((run.Kinds & PageKinds.Present) == 0)
                continue;
            ulong page = run.Range.Start.Value + (_sampling.Below(run.Range.Length.WholePages.Value) << PageSize.Shift);
            ulong offset = _sampling.Below((PageSize.Bytes - (ulong)bytes) + 1);
            Difference? difference = CompareBytesAt(process, new VirtualAddress(page + offset), bytes);
            if (difference is not null)
                return difference;
        }

        return null;
    }

    private Difference? CompareBytesAt(int process, VirtualAddress start, int length)
    {
        Span<byte> engine = _engineBytes.AsSpan(0, length);
        Span<byte> kernel = _kernelBytes.AsSpan(0, length);
        _ = _engine.TryReadPresentBytes(process, start, engine);
        if (!_kernel.TryReadPresentBytes(process, start, kernel))
            return new Difference($"the bytes at {start}", "readable", "unreadable");
        int common = engine.CommonPrefixLength(kernel);
        if (common != length)
            return new Difference($"the bytes at {start + new ByteLength((ulong)common)}", Hexadecimal(engine, common), Hexadecimal(kernel, common));
        return _engine.TryLoad(process, start, engine) && !engine.SequenceEqual(kernel)
            ? new Difference($"the bytes at {start}", "a TLB that remembers others", Hexadecimal(kernel, 0))
            : null;
    }

    /// <summary>The whole pages that a call names by its first two arguments; up to the last page of all where it wraps.</summary>
    private static AddressRange RangeOf(in CallArguments arguments)
    {
        const ulong LastPage = ulong.MaxValue - (PageSize.Bytes - 1);
        ulong end = unchecked(arguments.First + arguments.Second);
        var start = new VirtualAddress(Math.Min(arguments.First, LastPage)).PageStart;
        return new AddressRange(start, end < arguments.First || end > LastPage ? new VirtualAddress(LastPage) : new VirtualAddress(end).AlignUp(PageSize.Length));
    }

    private static string Text(in CallRecord record, CallResult result) =>
        result.IsError || record.Call.ReturnsAddress
            ? result.ToString()
            : result.Raw.ToString(CultureInfo.InvariantCulture);

    private static string Hexadecimal(ReadOnlySpan<byte> bytes, int from) =>
        from >= bytes.Length ? "nothing more" : Convert.ToHexStringLower(bytes.Slice(from, Math.Min(8, bytes.Length - from)));
}
