using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>What PTRACE_GET_SYSCALL_INFO fills in: <c>struct ptrace_syscall_info</c>, 88 bytes. The words behind the
/// stack pointer are, at an entry, the number and six arguments; at an exit, the result and its error flag.
/// Source: <c>include/uapi/linux/ptrace.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SystemCallStop
{
    /// <summary>PTRACE_SYSCALL_INFO_NONE: the thread is not stopped at a system call.</summary>
    public const byte NotAtCall = 0;

    /// <summary>PTRACE_SYSCALL_INFO_ENTRY.</summary>
    public const byte AtEntry = 1;

    /// <summary>PTRACE_SYSCALL_INFO_EXIT.</summary>
    public const byte AtExit = 2;

    /// <summary>PTRACE_SYSCALL_INFO_SECCOMP: stopped by the filter, at an entry.</summary>
    public const byte AtFilter = 3;

    /// <summary>AUDIT_ARCH_X86_64: entered by the 64-bit SYSCALL instruction.</summary>
    public const uint ArchX64 = 0xC000003E;

    /// <summary>AUDIT_ARCH_I386: entered by the 32-bit system call gate.</summary>
    public const uint ArchI386 = 0x40000003;

    public byte Operation;
    private readonly byte _pad0;
    private readonly byte _pad1;
    private readonly byte _pad2;
    public uint Architecture;
    public ulong InstructionPointer;
    public ulong StackPointer;
    private readonly long _first;
    private readonly Words _rest;
    private readonly ulong _filterData;

    /// <summary>At an entry, the system call's number.</summary>
    public readonly long Number => _first;

    /// <summary>At an entry, the six argument registers.</summary>
    public readonly CallArguments Arguments => new(_rest[0], _rest[1], _rest[2], _rest[3], _rest[4], _rest[5]);

    /// <summary>At an exit, what the call leaves in its result register.</summary>
    public readonly long Result => _first;

    /// <summary>When the filter stopped the thread, the 16 bits that it said so with (SECCOMP_RET_DATA).</summary>
    public readonly uint FilterData => (uint)_filterData;

    [InlineArray(6)]
    private struct Words
    {
        private ulong _word;
    }
}
