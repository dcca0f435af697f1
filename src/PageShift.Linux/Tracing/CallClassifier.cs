using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Tells what the call means at whose entry a thread is stopped.</summary>
internal static class CallClassifier
{
    /// <summary>The class of the call that <paramref name="stop"/> describes.</summary>
    public static CallClass Of(int thread, in SystemCallStop stop)
    {
        if (stop.Architecture == SystemCallStop.ArchI386)
            return MemoryCalls.ContainsI386(stop.Number) ? CallClass.Foreign : CallClass.Other;

        if (stop.Architecture != SystemCallStop.ArchX64)
            return CallClass.Other;

        if (InterfaceOf(stop) == ForeignInterface.X32)
            return MemoryCalls.ContainsX64((CallNumber)NumberOf(stop)) ? CallClass.Foreign : CallClass.Other;

        if (MemoryCalls.Contains((CallNumber)stop.Number, stop.Arguments))
            return CallClass.Memory;

        // A child that shares memory with its waiting parent makes calls of its own meanwhile: such a call must not exclude others.
        CloneFlags? flags = BirthFlags.OfCall(thread, (CallNumber)stop.Number, stop.Arguments.First);
        bool isCopy = flags is { } known && (known & (CloneFlags.SharedMemory | CloneFlags.VFork)) == 0;
        return isCopy ? CallClass.Copy : CallClass.Other;
    }

    /// <summary>The interface of a foreign call; null for the 64-bit one.</summary>
    public static ForeignInterface? InterfaceOf(in SystemCallStop stop)
    {
        if (stop.Architecture == SystemCallStop.ArchI386)
            return ForeignInterface.I386;

        // The number is 32 bits wide to the kernel; -1, which a tracer may set to skip a call, is no x32 number.
        uint number = (uint)stop.Number;
        return number != uint.MaxValue && (number & MemoryCalls.X32Bit) != 0 ? ForeignInterface.X32 : null;
    }

    /// <summary>The number without the x32 interface's mark.</summary>
    public static long NumberOf(in SystemCallStop stop) =>
        InterfaceOf(stop) == ForeignInterface.X32 ? stop.Number & ~(long)MemoryCalls.X32Bit : stop.Number;
}
