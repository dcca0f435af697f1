using System.Globalization;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Verification.Lockstep;

namespace PageShift.Tests.Fuzzing;

/// <summary>Counts what random calls reach: each call, flag, and shape, how often it succeeded and how often it failed.</summary>
internal sealed class CallReach
{
    private const ulong Block = 1UL << 21;

    /// <summary>By what was reached.</summary>
    internal SortedDictionary<string, (int Succeeded, int Failed)> Counts { get; } = new(StringComparer.Ordinal);

    /// <summary>Counts a call.</summary>
    /// <param name="call">The call with its outcome.</param>
    /// <param name="before">What the process held before it.</param>
    internal void Add(in CallRecord call, SpaceSnapshot before)
    {
        bool succeeded = call.Outcome.State == CallOutcomeState.Value && call.Call.Number != SystemCallNumber.Break;
        if (call.Call.Number == SystemCallNumber.Break)
            succeeded = (ulong)call.Outcome.Value == call.Call.Arguments.First;
        foreach (string label in Labels(call.Call, before).Append(call.Call.Number.ToString()))
        {
            (int yes, int no) = Counts.GetValueOrDefault(label);
            Counts[label] = succeeded ? (yes + 1, no) : (yes, no + 1);
        }
    }

    private static IEnumerable<string> Labels(SystemCall call, SpaceSnapshot before)
    {
        CallArguments a = call.Arguments;
        return call.Number switch
        {
            SystemCallNumber.Map => OfMap(a),
            SystemCallNumber.Remap => OfRemap(a, before),
            SystemCallNumber.Protect or SystemCallNumber.ProtectWithKey => OfProtect(call.Number, a, before),
            SystemCallNumber.Advise => OfAdvise(a, before),
            SystemCallNumber.Lock2 => [Numbered("mlock2", a.Third)],
            SystemCallNumber.LockAll => [$"mlockall {(LockAllFlags)a.First}"],
            SystemCallNumber.Sync => [Numbered("msync", a.Third)],
            SystemCallNumber.Seal => [Numbered("mseal", a.Third)],
            SystemCallNumber.SetLimit => [$"limit {(KernelResource)a.First}"],
            _ => [],
        };
    }

    private static IEnumerable<string> OfMap(CallArguments a)
    {
        var flags = (MapFlags)a.Fourth;
        string placing = (flags & (MapFlags.Fixed | MapFlags.FixedNoReplace)) != 0 ? "fixed" : a.First != 0 ? "hint" : "anywhere";
        yield return $"mmap {placing}";
        bool isAnonymous = flags.HasFlag(MapFlags.Anonymous);
        yield return $"mmap {(isAnonymous ? "anonymous" : "of an object")} {flags & MapFlags.TypeMask}";
        foreach (MapFlags flag in Enum.GetValues<MapFlags>().Where(flag => ulong.IsPow2((ulong)flag) && flag > MapFlags.TypeMask && flags.HasFlag(flag)))
            yield return $"mmap {flag}";
        yield return $"mmap {(Protection)(a.Third & 7)}";
        if (!isAnonymous && a.Sixth != 0)
            yield return "mmap of an object with an offset";
        if (placing == "anywhere" && a.Second % Block == 0)
            yield return "mmap anywhere of whole blocks";
    }

    private static IEnumerable<string> OfRemap(CallArguments a, SpaceSnapshot before)
    {
        var flags = (RemapFlags)a.Fourth;
        string size = a.Second == 0 ? "old length 0" : a.Second == a.Third ? "same length" : a.Third > a.Second ? "growing" : "shrinking";
        yield return (a.Fourth & ~7UL) == 0 ? $"mremap {flags}, {size}" : "mremap unknown flags";
        if ((flags & RemapFlags.Fixed) != 0)
            yield return $"mremap fixed, distance of {Unit(a.First, a.Fifth)}";
        foreach (string what in Of("mremap", a.First, a.Second, before))
            yield return what;
    }

    private static IEnumerable<string> OfProtect(SystemCallNumber kind, CallArguments a, SpaceSnapshot before)
    {
        var protection = (Protection)a.Third;
        yield return $"{(kind == SystemCallNumber.Protect ? "mprotect" : "pkey_mprotect")} {((a.Third & ~0x300000fUL) == 0 ? protection : "unknown bits")}";
        foreach (string what in Of("mprotect", a.First, a.Second, before))
            yield return what;
    }

    private static IEnumerable<string> OfAdvise(CallArguments a, SpaceSnapshot before)
    {
        string advice = Enum.IsDefined((Advice)a.Third) ? ((Advice)a.Third).ToString() : "unknown";
        yield return $"madvise {advice}";
        foreach (string what in Of($"madvise {advice}", a.First, a.Second, before))
            yield return what;
    }

    /// <summary>What a range covers: how many mappings, and of which kind the first one is.</summary>
    private static IEnumerable<string> Of(string call, ulong start, ulong length, SpaceSnapshot before)
    {
        ulong end = unchecked(start + Math.Max(length, 1));
        ObservedMapping[] covered = [.. before.Mappings.Where(mapping => mapping.Range.Start.Value < end && mapping.Range.End.Value > start)];
        if (covered.Length == 0)
            yield break;
        yield return $"{call} of {(covered.Length == 1 ? "one mapping" : "several mappings")}";
        yield return $"{call} of {(covered[0].IsShared ? "shared" : covered[0].HasFile ? "private object" : "private anonymous")} memory";
        if (before.Pages.Any(run => run.Range.Start.Value < end && run.Range.End.Value > start))
            yield return $"{call} with pages";
    }

    private static string Unit(ulong from, ulong to)
    {
        ulong distance = unchecked(from - to);
        return (distance & ((1UL << 30) - 1)) == 0 ? "1 GiB" : (distance & (Block - 1)) == 0 ? "2 MiB" : "4 KiB";
    }

    private static string Numbered(string call, ulong flags) => string.Create(CultureInfo.InvariantCulture, $"{call} {flags}");
}
