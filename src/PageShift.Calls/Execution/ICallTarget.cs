using PageShift.Abi;

namespace PageShift.Calls.Execution;

/// <summary>A process that calls can be made in: the engine's, or the running kernel's.</summary>
/// <typeparam name="TSelf">The kind of process that it forks.</typeparam>
/// <remarks>Not thread-safe.</remarks>
public interface ICallTarget<TSelf> : IDisposable
    where TSelf : class, ICallTarget<TSelf>
{
    /// <summary>Makes a call, and tells all that came of it. Allocates nothing for a memory call.</summary>
    /// <param name="call">The call: a memory call, an access (memset, memread), or one that opens, closes or resizes a file or sets a limit. On the engine also what
    /// a log says of pages (present, absent, anon_vma), and the move of a stack.</param>
    /// <param name="filePath">Which file is opened.</param>
    /// <param name="data">Takes the bytes that a memread loads, or the vector of a mincore that names none.</param>
    CallAnswer Execute(in SystemCall call, string? filePath = null, CallData? data = null);

    /// <summary>Forks the process.</summary>
    /// <param name="child">The copy, or null when the fork failed.</param>
    /// <returns>Success, or the error.</returns>
    CallResult TryFork(out TSelf? child);
}
