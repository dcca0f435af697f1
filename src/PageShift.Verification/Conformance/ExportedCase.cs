using System.Globalization;
using PageShift.Abi;
using PageShift.Calls;

namespace PageShift.Verification.Conformance;

/// <summary>What a system has to have for a case to say something there; the bits are those of the C runtime.</summary>
[Flags]
internal enum CaseNeeds
{
    None = 0,
    SmallPages = 1,
    LargePages = 2,
    Keys = 4,
    NoKeys = 8,
    LowAddresses = 16,
    Break = 32,
    Choice = 64,
    Overcommit = 128,
    AnonymousOnly = 256,
    NoMemoryFailures = 512,
    EmptyPool = 1024,
    RaisedHints = 2048,
    MapCount = 4096,
    SecretMemory = 8192,
    SharedMemory = 16384,
}

/// <summary>What a check of a case is about; the order is that in which a young system gets there, and that of the C runtime.</summary>
[Flags]
internal enum CaseLevels
{
    None = 0,

    /// <summary>Results and errors, and bytes.</summary>
    Results = 1,

    /// <summary>What a failed call leaves behind.</summary>
    Leftovers = 2,

    /// <summary>What is mapped, with which access, and which pages are there.</summary>
    Mappings = 4,

    /// <summary>Which neighbours are one mapping.</summary>
    Merging = 8,

    /// <summary>Where the kernel puts what the caller leaves open.</summary>
    Placement = 16,

    /// <summary>What page-table work a move takes, by the kernel's counters.</summary>
    Costs = 32,
}

/// <summary>A case as data for a program in C.</summary>
internal sealed class ExportedCase
{
    /// <summary>Where what is put elsewhere begins.</summary>
    internal const ulong LowEnd = 0x200000;

    /// <summary>Below it lie the heap of the process that proves the cases, and that process itself.</summary>
    internal const ulong NearTheHeap = 0x1000000;

    /// <summary>Where what the kernel chose begins.</summary>
    internal const ulong ChosenFrom = 0x700000000000;

    /// <summary>The largest free range that is looked for.</summary>
    internal const ulong LargestWindow = 1UL << 40;
    private const ulong BreakStart = 0x401000;
    private const ulong BreakEnd = 0x700000;
    private const ulong ChosenTop = 0x7ffff7fff000;
    private const ulong UserEnd = 0x7ffffffff000;
    private const ulong Gigabyte = 1UL << 30;
    private const ulong LongestThatFails = 1UL << 36;
    private const ulong LargestOffset = 1UL << 40;

    private static readonly string[] LargeSizes = ["KB", "MB", "GB", "TB", "HUGE", "COLLAPSE"];
    private static readonly string[] Objects = ["SHARED", "memfd", "openat", "secret", "shm"];
    private static readonly string[] SharedMemoryCalls = ["shmget(", "shmat(", "shmdt("];

    private readonly ConformanceCase _case;

    internal ExportedCase(ConformanceCase conformanceCase)
    {
        _case = conformanceCase;
        Steps = ReadSteps(conformanceCase);
        ulong[] inWindow = [.. Steps.SelectMany(step => step.Addresses).Concat(EndsOfRanges()).Where(IsInWindow)];
        Lowest = inWindow.Length == 0 ? Gigabyte : inWindow.Min() & ~(Gigabyte - 1);
        End = inWindow.Length == 0 ? 2 * Gigabyte : (inWindow.Max() | (LowEnd - 1)) + LowEnd;
        Needs = FindNeeds();
        Levels = LevelsOfSteps().Aggregate(CaseLevels.None, (all, one) => all | one.Levels);
    }

    /// <summary>Its name.</summary>
    internal string Name => _case.Name;

    /// <summary>The rule that it shows.</summary>
    internal string Rule => _case.Title;

    /// <summary>Which programs rely on it; null where none is known.</summary>
    internal string? Matters => _case.Directive("#matters");

    /// <summary>Where the rule comes from.</summary>
    internal string Source
    {
        get
        {
            string[] pagesOfManual = [.. Steps.Select(PageOfManual).OfType<string>().Distinct()];
            string pages = pagesOfManual.Length == 0 ? "" : $"{string.Join(", ", pagesOfManual)}; ";
            return $"{pages}proved on Linux 6.18: case {Name} of {_case.File} of PageShift";
        }
    }

    /// <summary>The first process, by its number in the case.</summary>
    internal int FirstProcess => Steps[0].Process;

    internal int Release => ReleaseNeeds.Of(_case);

    internal IReadOnlyList<CaseStep> Steps { get; }

    /// <summary>Of the addresses that are moved: where the window begins, a multiple of 1 GiB.</summary>
    internal ulong Lowest { get; }

    /// <summary>The end of the window, exclusive.</summary>
    internal ulong End { get; }

    internal CaseNeeds Needs { get; }

    internal CaseLevels Levels { get; }

    /// <summary>Why a program among other programs can't show it; null when it can.</summary>
    internal string? NotElsewhere
    {
        get
        {
            if (_case.Directive("#only here") is { } reason)
                return reason;
            ulong[] addresses = [.. Steps.SelectMany(step => step.Addresses)];
            if (addresses.Any(address => address is > ChosenTop and < UserEnd))
                return "its addresses are where a program's own stack lies";
            if (Steps.Any(ReachesOverTheTop))
                return "its ranges reach beyond the highest place that the kernel chooses";
            if (UsesBreak && Steps.Any(ReachesOutOfTheHeap))
                return "its heap is larger, or its mappings are lower, than there is room for beside a program";
            if (End - Lowest > LargestWindow || Steps.Any(step => step.IsOpen && step.Expectation == StepExpectation.Address && step.Arguments[0] == 0 && IsInWindow((ulong)step.Value)))
                return "it fills the whole address space, in which the program itself lies";
            if (_case.Text.Contains("MAP_32BIT", StringComparison.Ordinal))
                return "it is about addresses below 2 GiB, where the program itself may lie";
            return Needs.HasFlag(CaseNeeds.Break) && _case.Text.Contains("RLIMIT_DATA", StringComparison.Ordinal)
                ? "the limit counts the data of the program itself"
                : null;
        }
    }

    /// <summary>How far below its top the kernel's choice goes, in bytes.</summary>
    internal ulong Room => Steps.SelectMany(step => step.Addresses).Where(address => address is >= ChosenFrom and <= ChosenTop).Select(address => ChosenTop - address).DefaultIfEmpty().Max();

    private static string? PageOfManual(CaseStep step) => step.Operation switch
    {
        StepOperation.Vdso => "vdso(7)",
        StepOperation.UserFault => "userfaultfd(2)",
        _ => step.CallName.Length == 0 ? null : $"{step.CallName}(2)",
    };

    private static bool ReachesOverTheTop(CaseStep step) =>
        step.Operation == StepOperation.Maps
            ? step.Expected.Split("; ").Any(mapping => mapping != "none" && StartOf(mapping) is >= ChosenFrom and < ChosenTop && EndOf(mapping) > ChosenTop)
            : LengthOf(step) < ChosenFrom && step.Addresses.Any(address => address is >= ChosenFrom and <= ChosenTop && address + Math.Max(LengthOf(step), 1) > ChosenTop);

    // The heap moves with the program's own, the rest with the window: a range has to lie in one of the two.
    private static bool ReachesOutOfTheHeap(CaseStep step) =>
        step.CallName == "brk" ? step.Addresses.Any(address => address >= BreakEnd)
        : step.Operation == StepOperation.Maps ? step.Expected.Split("; ").Any(mapping => mapping != "none" && StartOf(mapping) < BreakEnd && EndOf(mapping) > BreakEnd)
        : step.Addresses.Any(address => address is > 0 and < NearTheHeap && (address < BreakStart || address + LengthOf(step) > BreakEnd));

    /// <summary>The longest length that a step names.</summary>
    private static ulong LengthOf(CaseStep step) => step.Arguments.Where((_, i) => i < step.Forms.Length && step.Forms[i] == 'l').DefaultIfEmpty().Max();

    private static ulong StartOf(string mapping) => ulong.Parse(mapping.AsSpan(0, mapping.IndexOf('-', StringComparison.Ordinal)), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static ulong EndOf(string mapping)
    {
        int start = mapping.IndexOf('-', StringComparison.Ordinal) + 1;
        return ulong.Parse(mapping.AsSpan(start, mapping.IndexOf(' ', StringComparison.Ordinal) - start), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private static List<CaseStep> ReadSteps(ConformanceCase one)
    {
        IReadOnlyDictionary<int, CallRecord> calls = one.Calls();
        var steps = new List<CaseStep>();
        int process = ConformanceRendering.FirstProcess(one);
        for (int index = 0; index < one.Lines.Count; index++)
        {
            string line = one.Lines[index];
            if (calls.TryGetValue(index, out CallRecord call))
            {
                process = call.ThreadId;
                steps.Add(CaseStep.Of(line, call));
            }
            else if (CaseDirective.IsStep(line))
            {
                steps.Add(CaseStep.OfDirective(line, process, ConformanceRendering.Number));
            }
        }

        return steps;
    }

    private bool UsesBreak => Steps.Any(step => step.CallName == "brk");

    private bool IsInWindow(ulong address) => address < ChosenFrom && address >= (UsesBreak ? BreakEnd : LowEnd);

    /// <summary>Where the ranges end that calls name or that are to be seen.</summary>
    private IEnumerable<ulong> EndsOfRanges()
    {
        foreach (CaseStep step in Steps)
        {
            if (step.Operation == StepOperation.Maps && step.Expected != "none")
            {
                foreach (string mapping in step.Expected.Split("; "))
                    yield return EndOf(mapping);
            }
            else if (step.Operation == StepOperation.Vdso)
            {
                yield return step.Arguments[0] + ConformanceCase.VdsoLength.Value;
            }
            else if (step.Operation == StepOperation.Fill)
            {
                yield return step.Arguments[0] + FilledMappings.LargestLength;
            }
            else if (!step.IsLook && LengthOf(step) < (step.Expectation == StepExpectation.Error ? LongestThatFails : ChosenFrom))
            {
                foreach (ulong address in step.Addresses.Where(address => address != 0))
                    yield return address + LengthOf(step);
            }
        }
    }

    private CaseNeeds FindNeeds()
    {
        string text = string.Join('\n', _case.Lines.Where(line => !line.StartsWith("# ", StringComparison.Ordinal)));
        var needs = CaseNeeds.None;
        ulong[] addresses = [.. Steps.SelectMany(step => step.Addresses)];
        Add(CaseNeeds.SmallPages, LargeSizes.Any(size => text.Contains(size, StringComparison.Ordinal)) || Steps.Any(step => step.Operation == StepOperation.Cost) || Steps.Any(HasLargeOffset));
        Add(CaseNeeds.LargePages, (text.Contains("MADV_HUGEPAGE", StringComparison.Ordinal) || text.Contains("MADV_COLLAPSE", StringComparison.Ordinal)) && text.Contains("#pages", StringComparison.Ordinal));
        Add(CaseNeeds.Keys, _case.NeedsProtectionKeys == true);
        Add(CaseNeeds.NoMemoryFailures, _case.Has(ConformanceCase.NoMemoryFailures));
        Add(CaseNeeds.EmptyPool, _case.Has(ConformanceCase.EmptyPool));
        Add(CaseNeeds.RaisedHints, _case.Has(ConformanceCase.RaisedHints));
        Add(CaseNeeds.NoKeys, _case.NeedsProtectionKeys == false);
        Add(CaseNeeds.MapCount, Steps.Any(step => step.Operation == StepOperation.Fill));
        Add(CaseNeeds.SecretMemory, _case.UsesSecretMemory);
        Add(CaseNeeds.SharedMemory, SharedMemoryCalls.Any(call => text.Contains(call, StringComparison.Ordinal)));
        Add(CaseNeeds.Break, UsesBreak);
        Add(CaseNeeds.LowAddresses, addresses.Any(address => address != 0 && address < LowEnd));
        Add(CaseNeeds.Choice, addresses.Any(address => address is >= ChosenFrom and <= ChosenTop));
        Add(CaseNeeds.Overcommit, Steps.Any(step => step.Expectation == StepExpectation.Error && step.Value == (long)Errno.OutOfMemory && step.Arguments.Any(argument => argument >= LargestWindow && (argument < ChosenFrom || step.CallName == "shmget"))));
        Add(CaseNeeds.AnonymousOnly, !Objects.Any(word => text.Contains(word, StringComparison.Ordinal)));
        return needs;

        void Add(CaseNeeds need, bool isNeeded) => needs |= isNeeded ? need : CaseNeeds.None;
    }

    private static bool HasLargeOffset(CaseStep step) =>
        step.Arguments.Where((argument, i) => i < step.Forms.Length && (step.Forms[i] == 'o' || step.Forms[i] == 'c') && argument >= LargestOffset).Any();

    /// <summary>Each step with the levels of its checks, as the C runtime will find them.</summary>
    internal IEnumerable<(CaseStep Step, CaseLevels Levels)> LevelsOfSteps()
    {
        var failed = new Dictionary<int, bool>();
        foreach (CaseStep step in Steps)
        {
            bool lastFailed = failed.GetValueOrDefault(step.Process);
            bool isMemory = step.Operation is StepOperation.Set or StepOperation.Read;
            CaseLevels levels = step.Operation == StepOperation.Cost ? CaseLevels.Costs : step.IsLook
                ? lastFailed ? CaseLevels.Leftovers : CaseLevels.Mappings
                : isMemory && lastFailed ? CaseLevels.Leftovers : CaseLevels.Results;
            if (step.Operation is StepOperation.Maps or StepOperation.Within)
                levels |= CaseLevels.Merging;
            if (step.Expectation == StepExpectation.Address && step.Value != 0 && (step.IsOpen || (ulong)step.Value is >= ChosenFrom and <= ChosenTop))
                levels |= CaseLevels.Placement;
            yield return (step, levels);
            if (!step.IsLook && !isMemory)
                failed[step.Process] = step.Expectation == StepExpectation.Error;
        }
    }
}
