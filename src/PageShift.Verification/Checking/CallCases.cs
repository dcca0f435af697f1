using PageShift.Abi;
using PageShift.Calls;
using PageShift.Moving;
using PageShift.Physical;

namespace PageShift.Verification.Checking;

/// <summary>Whole calls in an address space: every layout of a region whose pages are unmapped, mapped, or mapped and touched, with two kinds of permissions, and every <c>mremap</c> and stack move
/// within it. What the call returns, and all that it leaves behind, is compared with the page-by-page oracle.</summary>
/// <remarks>One space for each policy makes all calls, so that what an earlier case left behind would show too.</remarks>
internal sealed class CallCases : CaseWorker
{
    private const int Kinds = 4;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    private readonly CheckWorld _world;
    private readonly (int First, int End) _region;
    private readonly RemapCase[] _calls;
    private readonly CheckedSpace[] _spaces;
    private readonly PageKind[] _kinds;
    private RemapCase _call;

    internal CallCases(CheckWorld world)
    {
        _world = world;
        _region = world.Windows[0];
        _calls = [.. AllCalls(world)];
        _kinds = new PageKind[_region.End - _region.First];
        _spaces = [.. MovePolicyName.All.Select(policy => new CheckedSpace(Memory, world.Geometry, policy))];
    }

    /// <summary>What a page of the region is.</summary>
    private enum PageKind
    {
        Unmapped,
        Untouched,
        Touched,
        TouchedReadOnly,
    }

    internal override PhysicalMemory Memory { get; } = new(new PhysicalMemoryOptions { CapacityBytes = 64UL << 20 });

    public override void Dispose() => Memory.Dispose();

    /// <summary>The layouts of a world's region.</summary>
    internal static long Count(CheckWorld world) => (long)Math.Pow(Kinds, world.Windows[0].End - world.Windows[0].First);

    internal override void Check(long population, CancellationToken cancellation)
    {
        for (int i = 0; i < _kinds.Length; i++)
            (population, _kinds[i]) = (population / Kinds, (PageKind)(population % Kinds));
        foreach (CheckedSpace space in _spaces)
        {
            Policy = space.Policy;
            foreach (RemapCase call in _calls)
            {
                cancellation.ThrowIfCancellationRequested();
                _call = call;
                Cases++;
                LayOut(space);
                space.Try(call);
                space.Clear();
            }
        }
    }

    internal override string DescribeCase()
    {
        var log = new CaseLog(_world.Geometry, Policy);
        foreach ((int page, int pages, PageKind kind) in Stretches())
        {
            log.Map(page, pages, ReadWrite);
            if (kind != PageKind.Untouched)
                log.Touch(page, pages);
            if (kind == PageKind.TouchedReadOnly)
                log.Write(SystemCallNumber.Protect, new CallArguments(CaseLog.Bytes(page), CaseLog.Bytes(pages), (ulong)Protection.Read));
        }

        log.Write(_call.Kind, _call.Arguments);
        return log.ToString();
    }

    private void LayOut(CheckedSpace space)
    {
        foreach ((int page, int pages, PageKind kind) in Stretches())
            space.Map(page, pages, isTouched: kind != PageKind.Untouched, isReadOnly: kind == PageKind.TouchedReadOnly);
    }

    /// <summary>The stretches of pages of one kind that are mapped.</summary>
    private IEnumerable<(int Page, int Pages, PageKind Kind)> Stretches()
    {
        for (int i = 0; i < _kinds.Length;)
        {
            int first = i;
            while (i < _kinds.Length && _kinds[i] == _kinds[first])
                i++;
            if (_kinds[first] != PageKind.Unmapped)
                yield return (_region.First + first, i - first, _kinds[first]);
        }
    }

    private static IEnumerable<RemapCase> AllCalls(CheckWorld world)
    {
        (int first, int end) = world.Windows[0];
        foreach (CheckMove move in world.Moves)
        {
            if (move.Delta < 0)
                yield return RemapCase.Relocate(move);
            yield return RemapCase.Fixed(move, move.Length, keeps: false);
            yield return RemapCase.Fixed(move, move.Length, keeps: true);
            if (move.Length > 1)
                yield return RemapCase.Fixed(move, move.Length - 1, keeps: false);
            if (move.New + move.Length < end)
                yield return RemapCase.Fixed(move, move.Length + 1, keeps: false);
        }

        for (int old = first; old < end; old++)
        {
            for (int length = 1; old + length <= end; length++)
            {
                for (int newLength = 1; newLength <= end - first; newLength++)
                    yield return RemapCase.Resize(old, length, newLength);
            }
        }
    }
}

/// <summary>A call that moves or resizes.</summary>
/// <param name="Kind">mremap or the stack move.</param>
/// <param name="Arguments">Its arguments.</param>
internal readonly record struct RemapCase(SystemCallNumber Kind, CallArguments Arguments)
{
    internal static RemapCase Relocate(in CheckMove move) =>
        new(PseudoCall.RelocateDown, new CallArguments(CaseLog.Bytes(move.Old), CaseLog.Bytes(move.Length), CaseLog.Bytes(-move.Delta)));

    internal static RemapCase Fixed(in CheckMove move, int newLength, bool keeps)
    {
        RemapFlags flags = RemapFlags.MayMove | RemapFlags.Fixed | (keeps ? RemapFlags.DontUnmap : 0);
        return new(SystemCallNumber.Remap, new CallArguments(CaseLog.Bytes(move.Old), CaseLog.Bytes(move.Length), CaseLog.Bytes(newLength), (ulong)flags, CaseLog.Bytes(move.New)));
    }

    internal static RemapCase Resize(int old, int length, int newLength) =>
        new(SystemCallNumber.Remap, new CallArguments(CaseLog.Bytes(old), CaseLog.Bytes(length), CaseLog.Bytes(newLength), (ulong)RemapFlags.MayMove));
}
