using PageShift.Abi;
using PageShift.AddressSpaces;

namespace PageShift.SystemCalls;

/// <summary>Makes memory calls on address spaces by their numbers.</summary>
public static class SystemCallInvocation
{
    /// <summary>Makes a memory system call as the processor hands it to the kernel on x86-64: a number (<see cref="SystemCallNumber"/>) and six registers.</summary>
    /// <returns>What the kernel leaves in the result register: a value, or a negated errno; -ENOSYS for a number that is none of these calls.</returns>
    /// <remarks>Thread-safe. Arguments that the kernel declares as int are taken from the lower half of their registers. Never throws, whatever the arguments.</remarks>
    public static long Invoke(this AddressSpace space, long number, ulong a0 = 0, ulong a1 = 0, ulong a2 = 0, ulong a3 = 0, ulong a4 = 0, ulong a5 = 0) =>
        space.Invoke((SystemCallNumber)number, new CallArguments(a0, a1, a2, a3, a4, a5)).Raw;

    /// <inheritdoc cref="Invoke(AddressSpace, long, ulong, ulong, ulong, ulong, ulong, ulong)"/>
    internal static CallResult Invoke(this AddressSpace space, SystemCallNumber number, in CallArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(space);
        return SystemCallTable.Find(number) is { IsModelled: true } call ? space.Make(call, arguments) : Errno.NotImplemented;
    }
}
