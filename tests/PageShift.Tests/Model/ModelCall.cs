using PageShift.Abi;
using PageShift.Calls;

namespace PageShift.Tests.Model;

/// <summary>A call of one space of a world, with all its arguments.</summary>
/// <param name="Process">The index of the space.</param>
/// <param name="Kind">What it does. <see cref="PseudoCall.Unknown"/> is a read of (address, length).</param>
/// <param name="Arguments">The registers; of <see cref="PseudoCall.MemorySet"/> (address, 0, length), the stamps are the world's.</param>
/// <param name="IsTyped">True to make it by the typed method, else by its number.</param>
internal readonly record struct ModelCall(int Process, SystemCallNumber Kind, CallArguments Arguments, bool IsTyped);
