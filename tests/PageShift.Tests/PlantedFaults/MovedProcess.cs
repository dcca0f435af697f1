using System.Globalization;
using System.Text;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Tests.Lockstep;
using PageShift.Units;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;

namespace PageShift.Tests.PlantedFaults;

/// <summary>Processes like <see cref="MovedSpace"/>, on the engine and on the running kernel in lockstep. Every address is a fixed one, so that the calls are the same each time.</summary>
internal sealed class MovedProcess
{
    private const int Rounds = 40;
    private const int Cells = 12;
    private const ulong Cell = 1UL << 20; // half a table
    private const ulong Start = 4UL << 30;
    private const int Repetitions = 3;

    // The last ones, as a move may leave up to three of them.
    private static readonly ulong[] Touched = [0, PageSize.Bytes, .. Enumerable.Range(1, 4).Select(page => Cell - ((ulong)page * PageSize.Bytes))];

    private readonly Random _random;
    private readonly StringBuilder _log = new();
    private readonly List<ulong> _pages = [];

    private MovedProcess(int seed) => _random = new Random(seed);

    /// <summary>Makes many such processes under every policy; what differs first, or null.</summary>
    internal static Divergence? Run(LockstepFactory factory)
    {
        foreach (MovePolicy policy in MovePolicyName.All)
        {
            for (int round = 0; round < Rounds; round++)
            {
                if (Differs(factory, LockstepTests.Sequence(new MovedProcess(round).Write(), policy)) is { } divergence)
                    return divergence;
            }
        }

        return null;
    }

    /// <summary>A difference that comes again, and not for want of a large page: whether the kernel has one depends on all that runs on the machine.</summary>
    private static Divergence? Differs(LockstepFactory factory, CallSequence sequence)
    {
        Divergence? divergence = null;
        for (int i = 0; i < Repetitions; i++)
        {
            divergence = sequence.Execute(factory);
            if (divergence is not { Explanation: not null })
                return divergence;
        }

        return divergence!.Explanation == KnownDifferences.NoLargePageFree ? null : divergence;
    }

    private string Write()
    {
        LayOut();
        int length = _random.Next(1, (Cells / 3) + 1);
        int old = _random.Next(0, Cells - length + 1);
        int @new = _random.Next(0, Cells - length + 1);
        while (Math.Abs(@new - old) < length)
            (old, @new) = (_random.Next(0, Cells - length + 1), _random.Next(0, Cells - length + 1));
        ulong bytes = ((ulong)length * Cell) - ((ulong)_random.Next(4) * PageSize.Bytes);
        Call($"mremap({At(old)}, {bytes}, {bytes}, MREMAP_MAYMOVE|MREMAP_FIXED, {At(@new)})");

        // Each page where it was and where it is now: what a TLB still holds of the first would show.
        foreach (ulong page in _pages)
        {
            Call($"memread({page}, 8)");
            if (page >= At(old) && page < At(old) + bytes)
                Call($"memread({page - At(old) + At(@new)}, 8)");
        }

        return _log.ToString();
    }

    private void LayOut()
    {
        bool isLarge = _random.Next(3) == 0;
        for (int cell = 0; cell < Cells; cell++)
        {
            if (_random.Next(3) == 0)
                continue;
            Call($"mmap({At(cell)}, {Cell}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)");
            if (isLarge)
                Call($"madvise({At(cell)}, {Cell}, MADV_HUGEPAGE)");
            if (_random.Next(4) != 0)
                _pages.AddRange(Touched.Select(offset => At(cell) + offset));
        }

        for (int i = 0; i < _pages.Count; i++)
            Call($"memset({_pages[i]}, {(i % byte.MaxValue) + 1}, {PageSize.Bytes})");
    }

    private static ulong At(int cell) => Start + ((ulong)cell * Cell);

    private void Call(FormattableString call) => _log.Append(call.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
