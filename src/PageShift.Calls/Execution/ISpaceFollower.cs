using PageShift.Abi;
using PageShift.AddressSpaces;

namespace PageShift.Calls.Execution;

/// <summary>Does elsewhere, for instance on the running kernel, what the execution of a log does to its address spaces, call by call.</summary>
/// <remarks>A call arrives with the arguments that it has once the log was followed: at the address that the log says, with what it presupposes mapped before it,
/// and with the population of what it made as calls of madvise after it. It may look at the space, and must not change it.</remarks>
internal interface ISpaceFollower
{
    /// <summary>A process begins in an empty space.</summary>
    void Made(AddressSpace space);

    /// <summary>A process was forked: <paramref name="child"/> is a copy of <paramref name="parent"/>.</summary>
    void Forked(AddressSpace parent, AddressSpace child);

    /// <summary>The last thread in a space is gone. May come twice for one space.</summary>
    void Ended(AddressSpace space);

    /// <summary>The engine has made a call.</summary>
    /// <param name="record">The log's record for which it was made.</param>
    /// <param name="space">Where.</param>
    /// <param name="call">The call.</param>
    /// <param name="result">What the engine returned.</param>
    void Called(in CallRecord record, AddressSpace space, in SystemCall call, CallResult result);
}
