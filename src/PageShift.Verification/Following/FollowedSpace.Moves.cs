using PageShift.Abi;
using PageShift.Calls;
using PageShift.Linux.Processes;
using PageShift.Linux.Tracing;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.SystemCalls;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Following;

/// <content>Moves. The engine's tables get the pages that were present just before: all of the source and of a destination that is replaced, and of the blocks at their ends
/// the nearest level's first page, which is what decides whether a block can move whole.</content>
internal sealed partial class FollowedSpace : IMoveObserver
{
    // After each of the first moves the pages that have arrived are compared, and then after one of so many: to read them takes as long as to read those that will move.
    private const long FirstComparedMoves = 64;
    private const long MovesPerPageComparison = 16;

    private readonly CallSites _sites;
    private readonly List<PageRun> _sourcePages = [];
    private readonly List<PageRun> _destinationPages = [];
    private readonly List<PageRun> _movedPages = [];
    private readonly List<AddressRange> _engineRuns = [];
    private readonly List<FollowedMove> _moves = [];
    private AddressRange _lastLoaded;
    private PendingMove? _pending;
    private CallExit _moving;
    private CongruentForecast? _forecast;
    private long _completedMoves;

    void IMoveObserver.Moving(MoveObservation move)
    {
        IReadOnlyList<MovePolicy> policies = _context.Observer.PoliciesFor(_context.Statistics.Moves);
        var plans = new PlannedMove[policies.Count];
        for (int i = 0; i < plans.Length; i++)
            plans[i] = PlannedMove.Of(move.Plan(policies[i]), i == 0 ? null : plans[i - 1]);

        (CallSite site, CallStack? stack) = _sites.Of(_moving.Entry);
        _moves.Add(new FollowedMove
        {
            ProcessId = _moving.Entry.ProcessId,
            ThreadId = _moving.Entry.ThreadId,
            Exit = _moving,
            Site = site,
            Stack = stack,
            ElapsedNanoseconds = _moves.Count == 0 ? _moving.ElapsedNanoseconds : 0,
            ProcessorNanoseconds = _moves.Count == 0 || _moving.ProcessorNanoseconds is null ? _moving.ProcessorNanoseconds : 0,
            IsPlaced = _isPlaced,
            PresentPages = PresentPagesOf(move.Request.Source),
            IsExact = !IsConcurrent || _moving.Entry.IsAtStandstill,
            Request = move.Request,
            Congruence = move.Plan(MovePolicy.PageShift).Congruence,
            Plans = plans,
            Congruent = _forecast,
        });
    }

    private ulong PresentPagesOf(AddressRange source)
    {
        ulong pages = 0;
        foreach (PageRun run in _sourcePages)
            pages += run.Range.Intersect(source).Length.WholePages.Value;
        return pages;
    }

    private bool WillMove(in CallEntry call) =>
        SystemCallTable.Find(call.Number) is { } description && description.MayMove(call.Arguments) && !_target.GrowsInPlace(call.Arguments);

    private void ReadPagesBefore(int thread, in CallArguments a)
    {
        ulong moved = Math.Min(a.Second, a.Third);
        if (new ByteLength(moved).RoundUpToPages() is not { } length || length.Value > Everything.End.Value || a.First > Everything.End.Value - length.Value)
            return;
        var source = new AddressRange(new VirtualAddress(a.First), length);
        _sourcePages.Clear();
        _destinationPages.Clear();
        if (!_reader.ReadPages(source, _sourcePages, PageKinds.Large))
            return;
        if ((a.Fourth & (ulong)RemapFlags.Fixed) != 0 && (a.Fifth & (PageSize.Bytes - 1)) == 0
            && new ByteLength(a.Third).RoundUpToPages() is { } wanted && wanted <= Everything.Length && a.Fifth <= (Everything.End - wanted).Value)
            ReadReplacedPages(new AddressRange(new VirtualAddress(a.Fifth), wanted));
        _pending = new PendingMove(thread, source);
    }

    private void ReadReplacedPages(AddressRange destination)
    {
        if (Engine.FindHole(destination) != destination)
            _ = _reader.ReadPages(destination, _destinationPages, PageKinds.Large);
    }

    /// <summary>Makes the move that the kernel has made, on the pages that were present.</summary>
    private CallResult Move(in CallExit exit, in CallArguments a)
    {
        if (_pending is not { } pending || pending.ThreadId != exit.Entry.ThreadId)
            return _target.Execute(new SystemCall(exit.Entry.Number, a)).Result;

        var newLength = new ByteLength(a.Third);
        var destination = new AddressRange(new VirtualAddress(a.Fifth), pending.Source.Length);
        _context.Log?.WriteNoPages(ProcessId);
        Load(_sourcePages);
        Load(_destinationPages);
        _lastLoaded = default;
        bool areTablesShared = LoadEndsOf(pending.Source, destination);
        _ = LoadEndsOf(destination, pending.Source);
        _forecast = areTablesShared ? null : Forecast(pending.Source, newLength.RoundUpToPages() ?? newLength, keepsSource: (a.Fourth & (ulong)RemapFlags.DontUnmap) != 0);
        _moving = exit;
        _moves.Clear();
        _target.MoveObserver = this;
        CallResult result = _target.Execute(new SystemCall(exit.Entry.Number, a)).Result;
        _target.MoveObserver = null;
        ReportMoves();
        _completedMoves++;
        bool isCompared = _completedMoves <= FirstComparedMoves || _completedMoves % MovesPerPageComparison == 0;
        if (isCompared && result == exit.Result && (exit.Entry.IsAtStandstill || !IsConcurrent))
            ComparePages(exit, destination);
        return result;
    }

    private CongruentForecast? Forecast(AddressRange source, ByteLength newLength, bool keepsSource)
    {
        var forecast = new ForecastObserver();
        Engine.ForecastCongruentMove(source.Start, source.Length, newLength, keepsSource, forecast);
        return forecast.Forecast;
    }

    private void ReportMoves()
    {
        KernelReport? kernel = MeasuredOf(_moves);
        foreach (FollowedMove move in _moves)
        {
            _context.Statistics.Moves++;
            FollowedMove told = kernel is null ? move : move with { Kernel = kernel };
            _context.Observer.Moved(_moves.Count == 1 ? told : told with { Congruent = null });
        }
    }

    private void Load(List<PageRun> pages)
    {
        foreach (PageRun run in pages)
        {
            ulong span = (run.Kinds & PageKinds.Large) != 0 ? Engine.Geometry.Span(PageTableLevel.Pmd).Value : 0;
            State(PseudoCall.Present, run.Range.Start.Value, run.Range.Length.Value, span);
        }
    }

    /// <summary>Loads the first page that lives beside a range in the blocks at its ends, from the smallest block up.</summary>
    /// <returns>True when each of the range's tables holds one of these pages, so that none of them can move whole, wherever the range goes.</returns>
    private bool LoadEndsOf(AddressRange range, AddressRange other)
    {
        PagingGeometry geometry = Engine.Geometry;
        bool isLowDone = false, isHighDone = false, areTablesShared = false;
        for (PageTableLevel level = PageTableLevel.Pmd; level <= geometry.Root; level++)
        {
            ByteLength span = geometry.Span(level);
            VirtualAddress low = range.Start.AlignDown(span);
            ulong high = Math.Min(range.End.AlignUp(span).Value, Everything.End.Value);
            isLowDone = isLowDone || TryLoadFirst(new AddressRange(low, range.Start), other);
            isHighDone = isHighDone || (high > range.End.Value && TryLoadFirst(new AddressRange(range.End, new VirtualAddress(high)), other));
            if (level == PageTableLevel.Pmd)
            {
                ulong tables = (high - low.Value) / span.Value;
                areTablesShared = tables == 1 ? isLowDone || isHighDone : tables == 2 && isLowDone && isHighDone;
            }
        }

        return areTablesShared;
    }

    /// <summary>The kernel has moved already: what it moved to, or took away, is not looked at here.</summary>
    private bool TryLoadFirst(AddressRange beside, AddressRange other) => beside.Overlaps(other)
        ? (other.Start > beside.Start && TryLoadFirst(new AddressRange(beside.Start, other.Start)))
            || (other.End < beside.End && TryLoadFirst(new AddressRange(other.End, beside.End)))
        : TryLoadFirst(beside);

    private bool TryLoadFirst(AddressRange beside)
    {
        if (beside.IsEmpty)
            return false;
        if (beside == _lastLoaded)
            return true; // source and destination often have the same neighbour
        if (Engine.FindHole(beside) == beside || !_reader.TryFindFirstPage(beside, isOnlyPrivate: false, out VirtualAddress page))
            return false;
        _lastLoaded = beside;
        State(PseudoCall.Present, page.Value, PageSize.Bytes);
        return true;
    }

    /// <summary>Compares which pages are present at the destination.</summary>
    private void ComparePages(in CallExit exit, AddressRange destination)
    {
        _movedPages.Clear();
        _engineRuns.Clear();
        _engineState.Pages.Clear();
        _kernelState.Pages.Clear();
        if (!_reader.ReadPages(destination, _movedPages))
            return;
        Engine.CopyRuns(destination, _engineRuns);
        foreach (PageRun run in _movedPages)
            _kernelState.AddPages(run.Range.Start.Value, run.Range.End.Value, PageKinds.None); // only where they are
        foreach (AddressRange run in _engineRuns)
            _engineState.AddPages(run.Start.Value, run.End.Value, PageKinds.None);
        if (SpaceComparison.ComparePages(_engineState.Pages, _kernelState.Pages) is { } difference)
            Tell(exit, difference);
    }

    /// <summary>A move whose pages were read at the entry of its call.</summary>
    private sealed record PendingMove(int ThreadId, AddressRange Source);

    /// <summary>Keeps what the move to a congruent destination would cost.</summary>
    private sealed class ForecastObserver : IMoveObserver
    {
        internal CongruentForecast? Forecast { get; private set; }

        public void Moving(MoveObservation move) => Forecast = CongruentForecast.Of(move);
    }
}
