using PageShift.Abi;
using PageShift.Calls;

namespace PageShift.Tests.Conformance;

/// <summary>A call, or one of its flags or values, and how far the engine has it.</summary>
/// <param name="Call">The call's name.</param>
/// <param name="Flag">The flag's name; empty for the call as a whole.</param>
/// <param name="IsIn">True of a call that shows it.</param>
/// <param name="Status">What the engine does: supported, ignored (as by Linux, or because nothing depends on it), or different.</param>
internal sealed record CoverageRow(string Call, string Flag, Func<CallRecord, bool> IsIn, string Status);

/// <summary>All memory calls and their flags.</summary>
internal static class CoverageRows
{
    private const string Supported = "supported";

    /// <summary>What is not simply supported.</summary>
    private static readonly Dictionary<string, string> Notes = new()
    {
        ["MAP_32BIT"] = "different: Linux draws the address at random, the engine takes the lowest",
        ["MAP_HUGETLB"] = "different: there is no pool of large pages, so it always fails, also with MAP_NORESERVE",
        ["MAP_DENYWRITE"] = "ignored, as by Linux",
        ["MAP_EXECUTABLE"] = "ignored, as by Linux",
        ["MAP_UNINITIALIZED"] = "ignored, as by Linux",
        ["MADV_COLD"] = "supported: takes large pages apart; there is no memory pressure to guide",
        ["MADV_PAGEOUT"] = "different: no page is reclaimed; of an object's pages only the entries are removed, always",
        ["MADV_FREE"] = "supported; the pages stay, because there is no memory pressure",
        ["MADV_WILLNEED"] = "ignored: nothing is read ahead",
        ["MADV_MERGEABLE"] = "supported as a flag; no pages are merged",
        ["MADV_COLLAPSE"] = "different: only of private anonymous memory; of other memory EINVAL",
        ["MS_SYNC"] = "supported; there is nothing to write back",
        ["MS_ASYNC"] = "supported; there is nothing to write back",
    };

    private static readonly (ulong Number, string Name)[] Limits = [(2, "RLIMIT_DATA"), (3, "RLIMIT_STACK"), (8, "RLIMIT_MEMLOCK"), (9, "RLIMIT_AS")];

    internal static IReadOnlyList<CoverageRow> All { get; } =
    [
        Whole(CallKind.Map, "mmap"),
        .. Protections("mmap", CallKind.Map),
        .. Enum.GetValues<MapFlags>().Where(flag => flag is not (MapFlags.None or MapFlags.TypeMask)).Select(MapRow),
        Whole(CallKind.Unmap, "munmap"),
        Whole(CallKind.Remap, "mremap"),
        .. Enum.GetValues<RemapFlags>().Where(flag => flag != 0).Select(flag => Row("mremap", CallKind.Remap, NameOf(flag), call => (call.Arguments.Fourth & (ulong)flag) != 0)),
        Whole(CallKind.Protect, "mprotect"),
        .. Protections("mprotect", CallKind.Protect),
        Whole(CallKind.ProtectWithKey, "pkey_mprotect"),
        Whole(CallKind.Advise, "madvise"),
        .. Enum.GetValues<Advice>().Where(advice => advice is not (Advice.HardwarePoison or Advice.SoftOffline))
            .Select(advice => Row("madvise", CallKind.Advise, NameOf(advice), call => (Advice)call.Arguments.Third == advice)),
        Whole(CallKind.Break, "brk"),
        Whole(CallKind.InCore, "mincore"),
        Whole(CallKind.Lock, "mlock"),
        Whole(CallKind.Lock2, "mlock2"),
        Row("mlock2", CallKind.Lock2, "MLOCK_ONFAULT", call => call.Arguments.Third == (ulong)LockFlags.OnFault),
        Whole(CallKind.Unlock, "munlock"),
        Whole(CallKind.LockAll, "mlockall"),
        .. Enum.GetValues<LockAllFlags>().Where(flag => flag != 0).Select(flag => Row("mlockall", CallKind.LockAll, NameOf(flag), call => (call.Arguments.First & (ulong)flag) != 0)),
        Whole(CallKind.UnlockAll, "munlockall"),
        Whole(CallKind.Sync, "msync"),
        .. Enum.GetValues<SyncFlags>().Where(flag => flag != 0).Select(flag => Row("msync", CallKind.Sync, NameOf(flag), call => (call.Arguments.Third & (ulong)flag) != 0)),
        Whole(CallKind.Seal, "mseal"),
        Whole(CallKind.Truncate, "ftruncate"),
        Whole(CallKind.Clone, "fork"),
        Whole(CallKind.SetLimit, "setrlimit"),
        .. Limits.Select(limit => Row("setrlimit", CallKind.SetLimit, limit.Name, call => call.Arguments.First == limit.Number)),
    ];

    private static CoverageRow MapRow(MapFlags flag)
    {
        ulong mask = flag <= MapFlags.TypeMask ? (ulong)MapFlags.TypeMask : (ulong)flag;
        return Row("mmap", CallKind.Map, NameOf(flag), call => (call.Arguments.Fourth & mask) == (ulong)flag);
    }

    private static IEnumerable<CoverageRow> Protections(string call, CallKind kind) =>
        Enum.GetValues<Protection>()
            .Where(bit => kind == CallKind.Protect || bit is not (Protection.GrowsDown or Protection.GrowsUp or Protection.Semaphore))
            .Select(bit => Row(call, kind, NameOf(bit), one => bit == 0 ? one.Arguments.Third == 0 : (one.Arguments.Third & (ulong)bit) != 0));

    private static CoverageRow Whole(CallKind kind, string name) => Row(name, kind, "", _ => true);

    private static CoverageRow Row(string call, CallKind kind, string flag, Func<SystemCall, bool> isIn) =>
        new(call, flag, record => record.Call.Kind == kind && isIn(record.Call), Notes.GetValueOrDefault(flag, Supported));

    /// <summary>The kernel's name of a value, as the log writer knows it.</summary>
    private static string NameOf<T>(T value)
        where T : struct, Enum
    {
        ulong number = Convert.ToUInt64(value, System.Globalization.CultureInfo.InvariantCulture);
        FlagSet names = value switch
        {
            MapFlags flag => flag <= MapFlags.TypeMask ? FlagNames.MapType : FlagNames.Map,
            RemapFlags => FlagNames.Remap,
            Protection => FlagNames.Protection,
            Advice => FlagNames.Advice,
            LockAllFlags => FlagNames.LockAll,
            _ => FlagNames.Sync,
        };
        var text = new System.Text.StringBuilder();
        names.WriteValue(text, number);
        return value switch
        {
            MapFlags.Droppable => "MAP_DROPPABLE",
            MapFlags.Uninitialized => "MAP_UNINITIALIZED",
            _ => text.ToString(),
        };
    }
}
