using PageShift.Abi;
using PageShift.Calls.Names;
using PageShift.SystemCalls;

namespace PageShift.Calls.Text;

/// <content>The calls that set, or show, what a process may do: limits, capabilities, and prctl.</content>
internal sealed partial class CallParser
{
    // getrlimit and prlimit64 where they show no limit.
    private const SystemCallNumber GetLimit = (SystemCallNumber)97;
    private const SystemCallNumber ProcessLimit = (SystemCallNumber)302;

    /// <summary>Reads prctl: as numbers if its option concerns memory. Of other options the arguments need not be readable.</summary>
    private bool TryParseControl(ref LineCursor cursor, in NamedCall named, bool isPartial, bool isRaw, ref ParsedCall call)
    {
        LineCursor probe = cursor;
        probe.SkipBlank();
        PerfArguments.TryTakeName(ref probe, out _);
        bool isRead = ExpressionParser.TryParse(ref probe, ProcessFlagNames.Control, "an option", out ulong option);
        if (isRead && SystemCallTable.Find(named.Number)!.ConcernsMemory(new CallArguments(option)))
        {
            call.Outcome = CallOutcome.Unknown;
            return TryParseNumbers(ref cursor, named.Signature!, isPartial, isRaw, ref call) && (isPartial || TryParseEnd(ref cursor, ref call));
        }

        call.IsModelled = false;
        if (isRead && option == ProcessFlagNames.SetSecureBits)
            call.Arguments = new CallArguments(option);
        if (!isPartial)
            return TryParseHarmless(ref cursor, ref call);
        call.Outcome = CallOutcome.Unknown;
        return ArgumentScanner.TrySkipArguments(ref cursor);
    }

    /// <summary>Reads whose capabilities are set or shown, and which are in effect: all of them where the log does not say it.</summary>
    private static void TryReadCapabilities(LineCursor cursor, ref ParsedCall call)
    {
        call.Arguments = new CallArguments(0, ulong.MaxValue);
        if (TryTakeThrough(ref cursor, "pid="u8) && ExpressionParser.TryParse(ref cursor, null, "a thread", out ulong thread)
            && TryTakeThrough(ref cursor, "effective="u8) && ExpressionParser.TryParse(ref cursor, ProcessFlagNames.Capability, "capabilities", out ulong effective))
            call.Arguments = new CallArguments(thread, effective);
    }

    /// <summary>Reads which limit is set, or shown, and what it is. One that is only asked for, and not shown, is not of interest.</summary>
    private bool TryParseLimit(ref LineCursor cursor, CallForm form, ref ParsedCall call)
    {
        ulong process = 0;
        if (IsOfPerf)
        {
            MakeNoLimit(ref call, form); // it shows an address
            return true;
        }

        if (form == CallForm.ProcessLimit
            && !(ExpressionParser.TryParse(ref cursor, null, "a process id", out process) && TryTakeComma(ref cursor)))
            return false;
        if (!ExpressionParser.TryParse(ref cursor, ProcessFlagNames.Resource.Symbols, ProcessFlagNames.Resource.Expected, out ulong resource) || !TryTakeComma(ref cursor))
            return false;
        if (form == CallForm.ProcessLimit && cursor.TryTake("NULL"u8) && !TryTakeComma(ref cursor))
            return false;
        if (!cursor.TryTake("{rlim_cur="u8))
        {
            MakeNoLimit(ref call, form);
            return true;
        }

        if (!ExpressionParser.TryParse(ref cursor, ProcessFlagNames.Limit, "a limit", out ulong limit))
            return false;
        // The structure's bracket was passed over; what follows is scanned at its depth.
        if (cursor.Rest.IndexOf((byte)'}') is var end && end >= 0)
            cursor.Position += end + 1;
        call.Arguments = new CallArguments(resource, limit, process);
        return true;
    }

    private static void MakeNoLimit(ref ParsedCall call, CallForm form)
    {
        if (form == CallForm.SetLimit)
            MakeOther(ref call, GetLimit, "getrlimit");
        else
            MakeOther(ref call, ProcessLimit, "prlimit64");
    }
}
