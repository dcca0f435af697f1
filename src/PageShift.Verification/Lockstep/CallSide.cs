using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Units;

namespace PageShift.Verification.Lockstep;

/// <summary>One of the two sides, the engine or the running kernel: a family of processes, by the thread id that a log gives them.
/// Thread safety: none; one thread at a time.</summary>
/// <typeparam name="T">The kind of process.</typeparam>
internal abstract class CallSide<T> : IDisposable
    where T : class, ICallTarget<T>
{
    private readonly Dictionary<int, T> _processes = [];

    /// <summary>Begins with one process.</summary>
    /// <param name="first">The process.</param>
    /// <param name="id">What logs call it.</param>
    protected CallSide(T first, int id) => _processes.Add(id, first);

    /// <summary>What the last call gave back beside its result: the bytes that were read, or mincore's vector.</summary>
    internal CallData Data { get; } = new();

    /// <summary>The processes that have not ended.</summary>
    internal Dictionary<int, T>.KeyCollection Processes => _processes.Keys;

    /// <summary>The processes themselves.</summary>
    protected Dictionary<int, T>.ValueCollection Targets => _processes.Values;

    /// <summary>Executes a call, unless it is one that both sides can't make alike.</summary>
    internal CallAnswer Execute(in CallRecord record)
    {
        Data.Length = 0;
        if (!_processes.TryGetValue(record.ThreadId, out T? process))
            return CallAnswer.NotMade("its process has ended");
        switch (record.Call.Number)
        {
            case SystemCallNumber.Clone:
                return Fork(process, record.Outcome);
            case SystemCallNumber.ExitGroup:
                _processes.Remove(record.ThreadId);
                process.Dispose();
                return default;
            default:
                return process.Execute(record.Call, record.FilePath, Data);
        }
    }

    /// <summary>Fills a snapshot of a process.</summary>
    /// <returns>False when the process has ended.</returns>
    internal abstract bool Observe(int process, SpaceSnapshot into, bool withFlags);

    /// <summary>Copies bytes of a page that <see cref="Observe"/> has just shown to be present, without touching anything.</summary>
    /// <returns>False when they could not be read.</returns>
    internal abstract bool TryReadPresentBytes(int process, VirtualAddress start, Span<byte> bytes);

    /// <summary>Ends all processes.</summary>
    public virtual void Dispose()
    {
        foreach (T process in _processes.Values)
            process.Dispose();
        _processes.Clear();
    }

    /// <summary>A process; null when there is none of the number.</summary>
    protected T? Find(int process) => _processes.GetValueOrDefault(process);

    private CallAnswer Fork(T parent, CallOutcome outcome)
    {
        int id = outcome.State == CallOutcomeState.Value ? (int)outcome.Value : 0;
        if (id == 0 || _processes.ContainsKey(id) || parent.TryFork(out T? child).IsError || child is null)
            return CallAnswer.NotMade("its child can't be made");
        _processes.Add(id, child);
        return new CallAnswer(new CallResult(id));
    }
}
