using PageShift.Abi;
using PageShift.PageTables;

namespace PageShift.Calls.Execution;

/// <content>The pseudo-calls with which a log says which pages are present, as one that a tracer wrote does.</content>
public sealed partial class LogExecutor
{
    /// <summary>present: these pages are, however they came there.</summary>
    private static CallResult MarkPresent(LogProcess process, in CallArguments a)
    {
        PagingGeometry geometry = process.Space.Geometry;
        PageTableLevel level = PageTableLevel.Pte;
        if (a.Third == geometry.Span(PageTableLevel.Pmd))
            level = PageTableLevel.Pmd;
        else if (a.Third is not (0 or PageSize.Bytes))
            return Errno.InvalidArgument;
        return process.Space.MarkPresent(new AddressRange(new VirtualAddress(a.First), new ByteLength(a.Second)), level);
    }

    /// <summary>absent: none is, and from here on the log says which are.</summary>
    private CallResult MarkAbsent(LogProcess process)
    {
        if (!process.StatesPresence)
            Statistics.StatedSpaces++;
        process.StatesPresence = true;
        process.Space.ForgetPages();
        return CallResult.Success;
    }

    /// <summary>anon_vma: the mapping has got private pages.</summary>
    private static CallResult MarkPrivate(LogProcess process, in CallArguments a)
    {
        process.Space.MarkPrivate(new VirtualAddress(a.First));
        return CallResult.Success;
    }
}
