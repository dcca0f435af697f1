using PageShift.Abi;

namespace PageShift.Calls;

/// <summary>The calls of logs that no kernel has, as numbers that no system call has.</summary>
public static class PseudoCall
{
    /// <summary>A name that is no system call, or a number that is none known here. Its effect is not known.</summary>
    public const SystemCallNumber Unknown = (SystemCallNumber)(-1);

    /// <summary>memset(addr, byte, length): the program writes to memory.</summary>
    public const SystemCallNumber MemorySet = (SystemCallNumber)(-2);

    /// <summary>memread(addr, length): the program reads memory.</summary>
    public const SystemCallNumber MemoryRead = (SystemCallNumber)(-3);

    /// <summary>present(addr, length, span): these pages are present, however they came there. A span of 2 MiB means entries of that size; without it they are of 4 KiB.</summary>
    internal const SystemCallNumber Present = (SystemCallNumber)(-4);

    /// <summary>absent(): no page is present; from here on, for this process and its children, the log says which are.</summary>
    internal const SystemCallNumber Absent = (SystemCallNumber)(-5);

    /// <summary>anon_vma(addr): the mapping there has got private pages, which decides what it merges with.</summary>
    internal const SystemCallNumber AnonVma = (SystemCallNumber)(-6);

    /// <summary>relocate_vma_down(addr, length, shift): execve moves the new stack down by shift bytes.</summary>
    public const SystemCallNumber RelocateDown = (SystemCallNumber)(-7);

    /// <summary>A system call that x86-64 does not have, and that leaves mappings alone.</summary>
    public const SystemCallNumber Foreign = (SystemCallNumber)(-8);

    /// <summary>A system call that x86-64 does not have, and that may change mappings, which is not modelled.</summary>
    public const SystemCallNumber ForeignMemory = (SystemCallNumber)(-9);

    /// <summary>mapping(addr, length, flags, fd, pgoff): what is mapped there from now on, exactly, instead of what was.</summary>
    internal const SystemCallNumber Mapping = (SystemCallNumber)(-10);

    internal const int Count = 10;
}
