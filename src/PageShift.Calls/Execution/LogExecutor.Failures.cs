using PageShift.Abi;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <content>Calls that failed: they change nothing but what they changed on the kernel before they failed.</content>
public sealed partial class LogExecutor
{
    /// <summary>A call that failed in the log. It is rehearsed; and made when it fails in the same way, as what comes before the failure then is what came before it on the kernel.</summary>
    private RecordOutcome FollowFailure(LogProcess process, in CallRecord record, SystemCallDescription description)
    {
        CallArguments a = record.Call.Arguments;
        Errno error = record.Outcome.Error;
        if (description.Descriptor(a) is >= 0 and int descriptor && error != Errno.BadFileDescriptor)
            process.Infer(descriptor, record.FilePath);
        if (error == Errno.InvalidArgument && process.LargePages.Refuse(record.Call))
            return new(RecordFate.Failed);
        CallResult rehearsed = Rehearse(process, record, description, capabilities: null);
        if (rehearsed.Error == error)
        {
            if (description.Effect != CallEffect.None)
                _ = Apply(process, record.Call);
            process.LearnHole(description, a, error);
            return new(RecordFate.Failed);
        }

        // Which capabilities the process has, the log can't say. Without them the call fails before it does anything.
        if (Rehearse(process, record, description, Capabilities.None).Error == error)
            return new(RecordFate.Failed);
        process.LearnHole(description, a, error);
        string? cause = UnshownCauses.Of(error, description, a) ?? (LooksAtUnknown(process, description, a) ? UnshownCauses.UnknownMemory : null);
        if (cause is null && error == Errno.BadAddress && MayHaveFoundSeveral(process, description, a))
            cause = UnshownCauses.PresentPages;
        if (cause is not null)
            return Excuse(error, cause, RecordFate.Failed);
        return Judge(record, rehearsed, RecordFate.Failed);
    }

    /// <summary>What a call would return now.</summary>
    private CallResult Rehearse(LogProcess process, in CallRecord record, SystemCallDescription description, Capabilities? capabilities)
    {
        // The bytes that mincore gives are no argument that it could dislike, unless the kernel did.
        bool isQuestion = record.Call.Number == SystemCallNumber.InCore && record.Outcome.Error != Errno.BadAddress;
        return isQuestion ? process.InCore(record.Call.Arguments) : process.Rehearse(record.Call, description, capabilities);
    }

    /// <summary>True for an mremap of more than a page that may have found several mappings where there is one here, as pages may have been present at other times than is assumed.</summary>
    private static bool MayHaveFoundSeveral(LogProcess process, SystemCallDescription description, in CallArguments a) =>
        description.Number == SystemCallNumber.Remap && process.GuessesIdentities && WholeSourceOf(process, a).Length > PageSize.Length;

    /// <summary>True when it may decide how a call ends what is at addresses of which the log has not said it.</summary>
    private static bool LooksAtUnknown(LogProcess process, SystemCallDescription description, in CallArguments a)
    {
        CallRanges examined = description.Number switch
        {
            SystemCallNumber.Remap => new CallRanges(CallRanges.Of(a.First, PageSize.RoundUpWrapping(Math.Max(a.Second, a.Third)))), // what is at the destination goes
            SystemCallNumber.Unmap => default,
            _ => description.Examined(a),
        };
        if (examined.IsAll)
            return false;
        foreach (AddressRange range in examined)
        {
            if (process.HasUnknown(range.Intersect(process.UserSpace)))
                return true;
        }

        return false;
    }
}
