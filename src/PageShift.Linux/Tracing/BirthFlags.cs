using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>What a fork, vfork, clone or clone3 that a thread is in shares with its child.
/// Source: <c>arch/x86/entry/syscalls/syscall_32.tbl</c> (values).</summary>
internal static class BirthFlags
{
    private const int CloneI386 = 120;
    private const int ForkI386 = 2;
    private const int VforkI386 = 190;
    private const int Clone3I386 = 435;
    private const ulong CodeSegment32 = 0x23;

    /// <summary>The flags of the 64-bit call <paramref name="number"/>; null when it is none of the four, or when they can't be read.</summary>
    public static CloneFlags? OfCall(int thread, CallNumber number, ulong firstArgument) => number switch
    {
        CallNumber.Fork => CloneFlags.None,
        CallNumber.Vfork => CloneFlags.SharedMemory | CloneFlags.VFork,
        CallNumber.Clone => (CloneFlags)firstArgument,
        CallNumber.Clone3 => ReadStructure(thread, firstArgument),
        _ => null,
    };

    /// <summary>The same of the 32-bit interface.</summary>
    public static CloneFlags? OfCallI386(int thread, ulong number, ulong firstArgument) => number switch
    {
        ForkI386 => CloneFlags.None,
        VforkI386 => CloneFlags.SharedMemory | CloneFlags.VFork,
        CloneI386 => (CloneFlags)firstArgument,
        Clone3I386 => ReadStructure(thread, firstArgument),
        _ => null,
    };

    /// <summary>True for clone3, whose flags are where its first argument points; clone's are the argument.</summary>
    public static bool AreInMemory(bool is32, long number) => number == (is32 ? Clone3I386 : (long)CallNumber.Clone3);

    /// <summary>The flags of the call in which <paramref name="thread"/> is stopped with the event of a birth; null when they can't be read.</summary>
    public static CloneFlags? OfStoppedThread(int thread)
    {
        if (Kernel.PtraceGetRegisters(thread, out Registers registers).IsError)
            return null;

        if (registers.Cs != CodeSegment32)
            return OfCall(thread, (CallNumber)(registers.OrigRax & ~(ulong)MemoryCalls.X32Bit), registers.Rdi);

        return OfCallI386(thread, registers.OrigRax, registers.Rbx);
    }

    // The flags are the first word of struct clone_args.
    private static CloneFlags? ReadStructure(int thread, ulong address)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        return Kernel.ProcessVmReadv(thread, address, word).Raw == word.Length ? (CloneFlags)BitConverter.ToUInt64(word) : null;
    }
}
