using PageShift.Linux.Tracing;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>Keeps every event of a run, and can act on some of them.</summary>
internal sealed class EventRecorder : ITraceObserver
{
    public List<ProcessStart> Processes { get; } = [];

    public List<ThreadCreation> Threads { get; } = [];

    public List<ProgramStart> Programs { get; } = [];

    public List<CallEntry> Entries { get; } = [];

    public List<CallExit> Exits { get; } = [];

    public List<ForeignCall> ForeignCalls { get; } = [];

    public List<SignalDelivery> Signals { get; } = [];

    public List<int> Endings { get; } = [];

    public List<ProcessEnd> Ends { get; } = [];

    /// <summary>Calls and ends in the order in which they came.</summary>
    public List<object> Order { get; } = [];

    public Action<CallEntry>? AtEntry { get; init; }

    public Action<CallExit>? AtExit { get; init; }

    public Action<ProgramStart>? AtProgram { get; init; }

    public Func<CallEntry, bool>? WithStandstill { get; init; }

    public bool WantsStandstill(in CallEntry call) => WithStandstill?.Invoke(call) ?? false;

    public void ProcessStarted(in ProcessStart start) => Processes.Add(start);

    public void ThreadStarted(in ThreadCreation start) => Threads.Add(start);

    public void ProgramStarted(in ProgramStart start)
    {
        Programs.Add(start);
        AtProgram?.Invoke(start);
    }

    public void CallEntered(in CallEntry call)
    {
        Entries.Add(call);
        Order.Add(call);
        AtEntry?.Invoke(call);
    }

    public void CallCompleted(in CallExit call)
    {
        Exits.Add(call);
        Order.Add(call);
        AtExit?.Invoke(call);
    }

    public void ForeignCallCompleted(in ForeignCall call) => ForeignCalls.Add(call);

    public void SignalDelivered(in SignalDelivery delivery) => Signals.Add(delivery);

    public void ProcessEnding(int processId) => Endings.Add(processId);

    public void ProcessEnded(in ProcessEnd end) => Ends.Add(end);

    /// <summary>In each address space, an exit follows its own entry at once, unless it is marked as overlapped.</summary>
    public void AssertCallsCameOneAfterTheOther()
    {
        var last = new Dictionary<int, CallEntry>();
        var entered = new HashSet<int>();
        foreach (object happened in Order)
        {
            if (happened is CallEntry entry)
            {
                last[entry.AddressSpaceId] = entry;
                _ = entered.Add(entry.ThreadId);
            }
            else if (happened is CallExit exit)
            {
                Assert.True(entered.Remove(exit.Entry.ThreadId));
                if (!exit.IsOverlapped)
                    Assert.Equal(last[exit.Entry.AddressSpaceId] with { IsAtStandstill = exit.Entry.IsAtStandstill }, exit.Entry);
            }
        }
    }
}
