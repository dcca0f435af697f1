using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>What a fork, vfork, clone or clone3 that a thread is in shares with its child.
/// Source: <c>include/uapi/linux/sched.h</c>, <c>arch/x86/entry/syscalls/</c> (values).</summary>
internal static class CloneFlags
{
    public const int NumberClone = 56;
    public const int NumberFork = 57;
    public const int NumberVfork = 58;
    public const int NumberClone3 = 435;

    /// <summary>CLONE_VM.</summary>
    public const ulong SharesMemory = 0x100;

    /// <summary>CLONE_VFORK.</summary>
    public const ulong ParentWaits = 0x4000;

    /// <summary>CLONE_THREAD.</summary>
    public const ulong IsThread = 0x10000;

    private const int NumberCloneI386 = 120;
    private const int NumberForkI386 = 2;
    private const int NumberVforkI386 = 190;
    private const ulong CodeSegment32 = 0x23;

    /// <summary>The flags of the 64-bit call <paramref name="number"/>; null when it is none of the four, or when they can't be read.</summary>
    public static ulong? OfCall(int thread, long number, ulong firstArgument) => number switch
    {
        NumberFork => 0,
        NumberVfork => SharesMemory | ParentWaits,
        NumberClone => firstArgument,
        NumberClone3 => ReadStructure(thread, firstArgument),
        _ => null,
    };

    /// <summary>The flags of the call in which <paramref name="thread"/> is stopped with the event of a birth; null when they can't be read.</summary>
    public static ulong? OfStoppedThread(int thread)
    {
        if (Ptrace.GetRegisters(thread, out Registers registers) != Errno.None)
            return null;

        if (registers.Cs != CodeSegment32)
            return OfCall(thread, (long)(registers.OrigRax & ~(ulong)MemoryCalls.X32Bit), registers.Rdi);

        return registers.OrigRax switch
        {
            NumberForkI386 => 0,
            NumberVforkI386 => SharesMemory | ParentWaits,
            NumberCloneI386 => registers.Rbx,
            NumberClone3 => ReadStructure(thread, registers.Rbx),
            _ => null,
        };
    }

    // The flags are the first word of struct clone_args.
    private static ulong? ReadStructure(int thread, ulong address)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        bool isRead = RemoteMemory.Read(thread, address, word, out int count) == Errno.None && count == word.Length;
        return isRead ? BitConverter.ToUInt64(word) : null;
    }
}
