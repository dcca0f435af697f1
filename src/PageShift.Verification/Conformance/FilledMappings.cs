using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Units;

namespace PageShift.Verification.Conformance;

/// <summary><c>#fill</c>: as many mappings as a process may have. One page each, of two kinds by turns, so that no two are one.</summary>
internal static class FilledMappings
{
    /// <summary>More than are tried; the C runtime has the same number.</summary>
    private const ulong Most = 70_000;

    /// <summary>The most bytes that they take.</summary>
    internal const ulong LargestLength = Most * PageSize.Bytes;

    /// <summary>Makes them, until there are too many.</summary>
    /// <returns>False when no limit was met.</returns>
    internal static bool Fill(ConformanceWorld world, int process, ulong start)
    {
        for (ulong i = 0; i < Most; i++)
        {
            CallAnswer answer = world.Execute(new CallRecord { Kind = CallRecordKind.Call, ThreadId = process, Call = MapOf(start + (i * PageSize.Bytes), i % 2 == 0) });
            if (answer.Result.IsError)
                return answer.Result.Error == Errno.OutOfMemory;
        }

        return false;
    }

    private static SystemCall MapOf(ulong address, bool isReadable) => new(SystemCallNumber.Map, new CallArguments(
        address,
        PageSize.Bytes,
        (ulong)(isReadable ? Protection.Read : Protection.None),
        (ulong)(MapFlags.Private | MapFlags.Anonymous | MapFlags.FixedNoReplace),
        ulong.MaxValue,
        0));
}
