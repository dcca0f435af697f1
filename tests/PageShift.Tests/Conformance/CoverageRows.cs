using PageShift.Abi;
using PageShift.Calls;
using PageShift.SystemCalls;

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
        ["IPC_RMID"] = "supported; the other commands change no mapping, and are not made",
        ["MS_ASYNC"] = "supported; there is nothing to write back",
    };

    private static readonly (ulong Number, string Name)[] Limits = [(2, "RLIMIT_DATA"), (3, "RLIMIT_STACK"), (8, "RLIMIT_MEMLOCK"), (9, "RLIMIT_AS")];

    /// <summary>Other names of what has a row, sizes of pages of which there are none, what takes a privilege, what other processors have, and what changes nothing that is mapped.</summary>
    private static readonly string[] Without =
    [
        "MAP_FILE", "MAP_ANON", "MAP_HUGE_2MB", "MAP_HUGE_1GB", "MADV_HWPOISON", "MADV_SOFT_OFFLINE", "PROT_BTI", "PROT_MTE", "PROT_SAO",
        "SHM_HUGETLB", "IPC_SET", "IPC_STAT", "IPC_INFO", "SHM_LOCK", "SHM_UNLOCK", "SHM_STAT", "SHM_INFO", "SHM_STAT_ANY", "IPC_64",
    ];

    internal static IReadOnlyList<CoverageRow> All { get; } =
    [
        .. SystemCallTable.All.Where(call => call.IsModelled).SelectMany(OfCall),
        Row(SystemCallNumber.Truncate, "ftruncate", "", _ => true),
        Row(SystemCallNumber.Clone, "fork", "", _ => true),
        Row(SystemCallNumber.SetLimit, "setrlimit", "", _ => true),
        .. Limits.Select(limit => Row(SystemCallNumber.SetLimit, "setrlimit", limit.Name, call => call.Arguments.First == limit.Number)),
    ];

    private static IEnumerable<CoverageRow> OfCall(SystemCallDescription call)
    {
        yield return Row(call.Number, call.Name, "", _ => true);
        for (int i = 0; i < call.Parameters.Count; i++)
        {
            int index = i;
            CallParameter parameter = call.Parameters[i];
            if (parameter.Values is not { } values || parameter.IsOfAnotherCall)
                continue;
            foreach ((string name, ulong value) in values.Types.Concat(values.Names).Concat(values.AlsoRead))
            {
                if (!Without.Contains(name) && !IsRefused(call, name))
                    yield return Row(call.Number, call.Name, name, one => Shows(one.Arguments[index], parameter, value));
            }
        }
    }

    /// <summary>True of the bits of an access that mprotect alone takes.</summary>
    private static bool IsRefused(SystemCallDescription call, string name) => call.Number == SystemCallNumber.Map && name is ("PROT_SEM" or "PROT_GROWSDOWN" or "PROT_GROWSUP");

    /// <summary>True when an argument has a value, or a flag among others.</summary>
    private static bool Shows(ulong argument, CallParameter parameter, ulong value)
    {
        ulong types = parameter.Values!.TypeMask;
        if (parameter.Form == ArgumentForm.Value || value == 0)
            return argument == value;
        return value <= types ? (argument & types) == value : (argument & value) == value;
    }

    private static CoverageRow Row(SystemCallNumber number, string call, string flag, Func<SystemCall, bool> isIn) =>
        new(call, flag, record => record.Call.Number == number && isIn(record.Call), Notes.GetValueOrDefault(flag, Supported));
}
