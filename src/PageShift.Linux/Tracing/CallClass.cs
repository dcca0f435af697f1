using PageShift.Abi;
using PageShift.Linux.Tracing.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Tells what the call means at whose entry a thread is stopped.</summary>
internal static class CallClass
{
    /// <summary>The kind of the call that <paramref name="stop"/> describes.</summary>
    public static CallKind Of(int thread, in SystemCallStop stop)
    {
        if (stop.Architecture == SystemCallStop.ArchI386)
            return MemoryCalls.Contains(MemoryCalls.I386Numbers, stop.Number) ? CallKind.Foreign : CallKind.Other;

        if (stop.Architecture != SystemCallStop.ArchX64)
            return CallKind.Other;

        if (InterfaceOf(stop) == ForeignInterface.X32)
            return MemoryCalls.Contains(MemoryCalls.X64Numbers, NumberOf(stop)) ? CallKind.Foreign : CallKind.Other;

        if (MemoryCalls.Contains((SystemCallNumber)stop.Number, stop.Arguments.First))
            return CallKind.Memory;

        // A child that shares memory with its waiting parent makes calls of its own meanwhile: such a call must not exclude others.
        ulong? flags = CloneFlags.OfCall(thread, stop.Number, stop.Arguments.First);
        bool isCopy = flags is { } known && (known & (CloneFlags.SharesMemory | CloneFlags.ParentWaits)) == 0;
        return isCopy ? CallKind.Copy : CallKind.Other;
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
