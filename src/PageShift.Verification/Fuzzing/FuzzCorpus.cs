using System.Globalization;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Units;
using PageShift.Verification.Conformance;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Fuzzing;

/// <summary>Makes cases of the conformance suite from short random sequences of calls, with what the kernel answered. Only what engine and kernel agree on twice, and what a
/// program among other programs can show, becomes a case.
/// Thread safety: none; one thread at a time.</summary>
internal sealed class FuzzCorpus(LockstepFactory factory, ulong seed)
{
    private const int LeastCalls = 4;
    private const int MostCalls = 12;
    private const int MostTries = 400;
    private const ulong MostPagesShown = 16;

    // What these do depends on all that runs on the machine at that moment, or on what the settings of the machine are.
    private static readonly string[] OfTheMoment = ["MADV_COLLAPSE", "MADV_PAGEOUT", "MADV_COLD", "MADV_FREE", "MADV_HUGEPAGE", "MAP_32BIT", "MAP_HUGETLB", "PR_SET_THP", "MADV_HWPOISON", "MADV_SOFT_OFFLINE"];

    private long _number;

    /// <summary>How many sequences were made.</summary>
    internal long Tried => _number;

    /// <summary>How many of them the engine and the kernel did not agree on, which is for <c>pageshift fuzz</c> to look into.</summary>
    internal int Differing { get; private set; }

    /// <summary>What differed first.</summary>
    internal Divergence? FirstDifference { get; private set; }

    /// <summary>The next case.</summary>
    /// <exception cref="InvalidOperationException">No sequence can be made a case here.</exception>
    internal ConformanceCase Next()
    {
        for (int tries = 0; tries < MostTries; tries++)
        {
            if (TryMake(_number++) is { } made)
                return made;
        }

        throw new InvalidOperationException($"none of {MostTries} sequences could be made a case");
    }

    private ConformanceCase? TryMake(long number)
    {
        string[]? looks = null;
        List<CallRecord> executed = [];
        var generator = new CallGenerator(Fuzzer.SeedOf(seed, number));
        int length = LeastCalls + (int)((ulong)number % (MostCalls - LeastCalls + 1));
        using (LockstepRun lockstep = factory.Begin(MovePolicy.PageShift, CallGenerator.FirstProcess, isThorough: true))
        {
            for (int tries = 0; executed.Count < length && tries < 4 * MostCalls; tries++)
            {
                CallRecord call = generator.Next(lockstep.LastState);
                if (!IsForAProgram(call))
                    continue;
                if (lockstep.Step(call) is { } divergence)
                {
                    Differing++;
                    FirstDifference ??= divergence;
                    return null;
                }

                generator.Note(call, lockstep.LastResult);
                if (lockstep.LastResult is { } result)
                    executed.Add(call with { Outcome = CallOutcome.OfResult(result) });
            }

            bool isCertain = lockstep.Drawn + lockstep.Reclaimed + lockstep.TakenApart + lockstep.Unmodelled == 0;
            if (executed.Count > 0 && executed[^1].Call.Number != SystemCallNumber.Clone && isCertain) // after a fork the child's state is the last that was seen
                looks = Looks(executed[^1], lockstep.LastState);
        }

        if (looks is null || new CallSequence(executed, MovePolicy.PageShift).Execute(factory) is not null)
            return null;
        ConformanceCase made = Write(number, executed, looks);
        return CanBeShown(made) ? made : null;
    }

    private ConformanceCase Write(long number, List<CallRecord> executed, string[] looks)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        new CallSequence(executed, MovePolicy.PageShift).Write(text);
        string name = string.Create(CultureInfo.InvariantCulture, $"fuzz_{seed}_{number}"), title = string.Create(CultureInfo.InvariantCulture, $"Sequence {number} of seed {seed} of 'pageshift fuzz': what Linux answers to each call, and what it leaves.");
        string[] lines = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new ConformanceCase("fuzz", name, title, [$"#case {name}", $"# {title}", .. lines.Select(ConformanceRendering.Align), .. looks]);
    }

    /// <summary>The mappings at the end, and the pages of the one that the last call was about.</summary>
    private static string[] Looks(in CallRecord last, SpaceSnapshot state)
    {
        var about = new VirtualAddress(last.Call.Arguments.First);
        string maps = ConformanceRendering.RenderState("#maps", state);
        ObservedMapping mapping = state.Mappings.FirstOrDefault(one => one.Range.Contains(about));
        if (mapping.Range.Length.Value == 0)
            return [maps];
        ulong pages = Math.Min(mapping.Range.Length.Value >> PageSize.Shift, MostPagesShown);
        return [ConformanceRendering.RenderState(string.Create(CultureInfo.InvariantCulture, $"#pages 0x{mapping.Range.Start.Value:x} {pages}"), state), maps];
    }

    private static bool IsForAProgram(in CallRecord call) =>
        call.Call.Number is not (SystemCallNumber.InCore or SystemCallNumber.Exit or SystemCallNumber.ExitGroup or SystemCallNumber.ControlProcess);

    /// <summary>What the descriptors 0 to 2 are is a matter of who starts the program.</summary>
    private static bool MapsAStandardStream(CaseStep step) => step.Forms.IndexOf('f', StringComparison.Ordinal) is >= 0 and int at && step.Arguments[at] < 3;

    /// <summary>MCL_CURRENT needs room for the program itself, which a large corpus makes large.</summary>
    private static bool LocksEverything(CaseStep step) => step.CallName == "mlockall" && (step.Arguments[0] & 1) != 0;

    /// <summary>A range that begins below all that is put elsewhere, and reaches beyond: the program itself may lie there. So does the process that proves the cases, below its heap.</summary>
    private static bool ReachesTheProgram(CaseStep step, bool usesBreak) =>
        Enumerable.Range(0, Math.Max(step.Forms.Length - 1, 0)).Any(i =>
            step.Forms[i] == 'a' && step.Forms[i + 1] == 'l' && step.Arguments[i] < (usesBreak ? ExportedCase.LowEnd : ExportedCase.NearTheHeap)
            && (step.Arguments[i] >= ExportedCase.LowEnd || step.Arguments[i + 1] > ExportedCase.LowEnd - step.Arguments[i]));

    /// <summary>A length of which it depends on the place whether it fits into user space.</summary>
    private static bool FitsInSomePlaces(CaseStep step) =>
        step.Forms.Where((form, i) => form == 'l' && step.Arguments[i] is >= ExportedCase.LargestWindow and < ExportedCase.ChosenFrom).Any();

    /// <summary>True when a program among others can show what the case says, wherever it puts its own memory.</summary>
    internal static bool CanBeShown(ConformanceCase made)
    {
        if (OfTheMoment.Any(word => made.Text.Contains(word, StringComparison.Ordinal)))
            return false;
        try
        {
            return new ExportedCase(made) is { NotElsewhere: null } exported
                && (exported.Needs & (CaseNeeds.LowAddresses | CaseNeeds.Overcommit)) == 0
                && !exported.Steps.Any(step => MapsAStandardStream(step) || LocksEverything(step) || ReachesTheProgram(step, exported.Needs.HasFlag(CaseNeeds.Break)) || FitsInSomePlaces(step));
        }
        catch (NotSupportedException)
        {
            return false; // a call that the suite does not have
        }
    }
}
