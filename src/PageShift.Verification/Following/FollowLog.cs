using System.Globalization;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Linux.Processes;
using PageShift.Linux.Tracing;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Following;

/// <summary>Writes what followed programs do as a log that can be run again, with the pages that were present at each move.</summary>
internal sealed class FollowLog(TextWriter output)
{
    // Stands for the files of mappings that the log begins with. No program has so many open.
    private const int SeedDescriptor = 1 << 30;
    private const ulong UserBytes = 0x7fff_ffff_f000;
    private const ulong ExitSignal = 17; // SIGCHLD

    private readonly CallLogWriter _writer = new(output);
    private readonly Dictionary<int, List<int>> _threads = [];

    /// <summary>A call and its result in one line, as strace would show it.</summary>
    internal static string TextOf(in CallExit exit)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        new CallLogWriter(text, outcomeColumn: 0).Write(RecordOf(exit) with { ThreadId = 0 });
        return text.ToString().TrimEnd();
    }

    /// <summary>A call that was made.</summary>
    internal void WriteCall(in CallExit exit) => _writer.Write(RecordOf(exit));

    /// <summary>A process that now exists.</summary>
    internal void WriteProcess(in ProcessStart start)
    {
        if (start.ParentProcessId != ProcessStart.UnknownParent)
            WriteClone(start.ParentProcessId, start.ProcessId, start.SharesAddressSpace ? CloneFlags.SharedMemory | CloneFlags.VFork : CloneFlags.None, ExitSignal);
    }

    /// <summary>A further thread.</summary>
    internal void WriteThread(in ThreadCreation start)
    {
        WriteClone(start.ProcessId, start.ThreadId, CloneFlags.SharedMemory | CloneFlags.SharedFiles | CloneFlags.Thread, exitSignal: 0);
        if (!_threads.TryGetValue(start.ProcessId, out List<int>? threads))
            _threads[start.ProcessId] = threads = [];
        threads.Add(start.ThreadId);
    }

    /// <summary>A program that was executed.</summary>
    internal void WriteProgram(in ProgramStart start)
    {
        WriteThreadEnds(start.ProcessId);
        Write(start.ProcessId, new SystemCall(SystemCallNumber.Execute, default), CallOutcome.OfValue(0), start.Path);
    }

    /// <summary>The end of a process.</summary>
    internal void WriteEnd(in ProcessEnd end)
    {
        WriteThreadEnds(end.ProcessId);
        _writer.Write(new CallRecord { Kind = CallRecordKind.Exited, ThreadId = end.ProcessId, Outcome = CallOutcome.OfValue(end.Status.ShellStatus) });
    }

    /// <summary>A file that a descriptor means from now on.</summary>
    internal void WriteOpen(int thread, int descriptor, string? path, bool isWritable)
    {
        const ulong ReadOnly = 0, ReadWrite = 2;
        Write(thread, new SystemCall(SystemCallNumber.OpenFile, new CallArguments(isWritable ? ReadWrite : ReadOnly)), CallOutcome.OfValue(descriptor), path ?? "");
    }

    /// <summary>Shared memory that is there from now on, however it was made.</summary>
    internal void WriteSegment(int thread, int id, ByteLength length)
    {
        Write(thread, new SystemCall(SystemCallNumber.GetSegment, new CallArguments(0, length.Value, (ulong)SegmentFlags.OwnerMayAll)), CallOutcome.OfValue(id));
    }

    /// <summary>A space is empty, and gets its mappings next, those of the heap among them.</summary>
    internal void WriteSeed(int thread, VirtualAddress heapStart, VirtualAddress heapEnd)
    {
        Write(thread, SystemCallNumber.Unmap, 0, UserBytes);
        Write(thread, new SystemCall(SystemCallNumber.Break, default), CallOutcome.OfValue((long)heapStart.Value));
        if (heapEnd != heapStart)
            WriteBreakEnd(thread, heapEnd);
    }

    /// <summary>Where a program's heap ends now. The mappings follow, where others come of it.</summary>
    internal void WriteBreakEnd(int thread, VirtualAddress end) =>
        Write(thread, new SystemCall(SystemCallNumber.Break, new CallArguments(end.Value)), CallOutcome.OfValue((long)end.Value));

    /// <summary>Nothing is mapped in a range any more.</summary>
    internal void WriteHole(int thread, AddressRange range) => Write(thread, SystemCallNumber.Unmap, range.Start.Value, range.Length.Value);

    /// <summary>A mapping that is there, however it was made. None of its pages counts as present.</summary>
    internal void WriteMapping(int thread, in KernelMapping mapping, PageCount offset)
    {
        bool isOfFile = !KernelFile.Of(mapping).IsNone;
        WriteMapping(thread, mapping.Range, mapping.Flags ?? VmFlags.None, isOfFile, mapping.Name, offset);
    }

    /// <summary>The same of one that the engine has; a file's with its <paramref name="path"/>.</summary>
    internal void WriteMapping(int thread, in Mapping mapping, string? path = null) => WriteMapping(thread, mapping.Range, mapping.Flags, mapping.File is not null, path, mapping.PageOffset);

    /// <summary>From here on no page counts as present but those that the log says are.</summary>
    internal void WriteNoPages(int thread) => WriteState(thread, new SystemCall(PseudoCall.Absent, default));

    /// <summary>What no call did: pages that are present, or a mapping that has got private ones.</summary>
    internal void WriteState(int thread, in SystemCall call) => Write(thread, call, CallOutcome.None);

    private void WriteMapping(int thread, AddressRange range, VmFlags flags, bool isOfFile, string? path, PageCount offset)
    {
        if (isOfFile)
            WriteOpen(thread, SeedDescriptor, path, flags.HasFlag(VmFlags.MayWrite));
        ulong descriptor = isOfFile ? SeedDescriptor : ulong.MaxValue;
        WriteState(thread, new SystemCall(PseudoCall.Mapping, new CallArguments(range.Start.Value, range.Length.Value, (ulong)flags, descriptor, offset.Value)));
    }

    private void WriteClone(int parent, int child, CloneFlags flags, ulong exitSignal) =>
        Write(parent, new SystemCall(SystemCallNumber.Clone, new CallArguments((ulong)flags, exitSignal)), CallOutcome.OfValue(child));

    private void WriteThreadEnds(int process)
    {
        if (!_threads.Remove(process, out List<int>? threads))
            return;
        foreach (int thread in threads)
            _writer.Write(new CallRecord { Kind = CallRecordKind.Exited, ThreadId = thread, Outcome = CallOutcome.OfValue(0) });
    }

    private void Write(int thread, SystemCallNumber kind, ulong first, ulong second) =>
        Write(thread, new SystemCall(kind, new CallArguments(first, second)), CallOutcome.OfValue(0));

    private void Write(int thread, SystemCall call, CallOutcome outcome, string? path = null) => _writer.Write(new CallRecord
    {
        Kind = CallRecordKind.Call,
        ThreadId = thread,
        Call = call,
        Outcome = outcome,
        FilePath = path,
    });

    private static CallRecord RecordOf(in CallExit exit)
    {
        CallEntry entry = exit.Entry;
        CallArguments arguments = SystemCallTable.Find(entry.Number) is { IsModelled: true } call ? call.Normalize(entry.Arguments) : default;
        return new CallRecord { Kind = CallRecordKind.Call, ThreadId = entry.ThreadId, Call = new SystemCall(entry.Number, arguments), Outcome = CallOutcome.OfResult(exit.Result) };
    }
}
