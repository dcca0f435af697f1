using System.Buffers.Binary;
using System.Text;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>A program of a few instructions: it waits, and offers a system call instruction with a breakpoint behind it, a filter and
/// a path, so that a tracer can make it install the one and execute the other. It takes no memory to write to.
/// <code>
/// 0x4000b0  wait:  mov eax, SYS_pause; syscall; jmp wait
/// 0x4000b9  call:  syscall; int3
/// 0x4000c0  the default signal action; struct sock_fprog; struct sock_filter[]; path, NUL
/// </code></summary>
internal sealed class StubImage
{
    /// <summary>sizeof(struct sock_fprog): a length, padding, a pointer.</summary>
    public const int FilterHeaderBytes = 16;

    private const int CallOffset = 9;
    private const int ActionOffset = 16;
    private const int HeaderOffset = ActionOffset + SignalAction.Bytes;
    private const int FilterOffset = HeaderOffset + FilterHeaderBytes;

    /// <summary>Builds the program for one filter and one path.</summary>
    public StubImage(SeccompFilter filter, string path)
    {
        int pathOffset = FilterOffset + (filter.Length * SeccompFilter.InstructionBytes);
        byte[] program = new byte[pathOffset + Encoding.UTF8.GetByteCount(path) + 1];
        ReadOnlySpan<byte> code = [0xb8, (byte)CallNumber.Pause, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7, 0x0f, 0x05, 0xcc];
        code.CopyTo(program);
        BinaryPrimitives.WriteUInt16LittleEndian(program.AsSpan(HeaderOffset), (ushort)filter.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(program.AsSpan(HeaderOffset + 8), ElfProgram.StartAddress + FilterOffset);
        filter.WriteTo(program.AsSpan(FilterOffset));
        Encoding.UTF8.GetBytes(path, program.AsSpan(pathOffset));

        Bytes = ElfProgram.Of(program);
        PathAddress = ElfProgram.StartAddress + (ulong)pathOffset;
    }

    /// <summary>The file.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Where the SYSCALL instruction is.</summary>
    public static ulong CallAddress => ElfProgram.StartAddress + CallOffset;

    /// <summary>Where a <c>struct sigaction</c> for the default action is, which is all zero.</summary>
    public static ulong DefaultActionAddress => ElfProgram.StartAddress + ActionOffset;

    /// <summary>Where <c>struct sock_fprog</c> is.</summary>
    public static ulong FilterAddress => ElfProgram.StartAddress + HeaderOffset;

    /// <summary>Where the path is.</summary>
    public ulong PathAddress { get; }
}
