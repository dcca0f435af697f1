using System.Buffers.Binary;
using System.Text;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>A program of a few instructions, as an ELF file: it waits, and offers a system call instruction with a breakpoint
/// behind it, a filter and a path, so that a tracer can make it install the one and execute the other. It takes no
/// memory to write to.
/// <code>
/// 0x400000  ELF header, 2 program headers
/// 0x4000b0  wait:  mov eax, SYS_pause; syscall; jmp wait
/// 0x4000b9  call:  syscall; int3
/// 0x4000c0  the default signal action; struct sock_fprog; struct sock_filter[]; path, NUL
/// </code></summary>
internal sealed class StubImage
{
    /// <summary>sizeof(struct sock_fprog): a length, padding, a pointer.</summary>
    public const int FilterHeaderBytes = 16;

    /// <summary>The kernel's <c>struct sigaction</c>: handler, flags, restorer, mask.</summary>
    public const int SignalActionBytes = 32;

    private const ulong Base = 0x400000;
    private const int ElfHeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const int CodeOffset = ElfHeaderBytes + (2 * ProgramHeaderBytes);
    private const int DataOffset = 0xc0;
    private const int WaitBytes = 9;

    private const uint SegmentLoad = 1;
    private const uint SegmentStack = 0x6474e551;
    private const uint MayExecute = 1;
    private const uint MayWrite = 2;
    private const uint MayRead = 4;

    /// <summary>Builds the program for one filter and one path.</summary>
    public StubImage(SeccompFilter filter, string path)
    {
        int filterBytes = filter.Length * SeccompFilter.InstructionBytes;
        int headerOffset = DataOffset + SignalActionBytes;
        int filterOffset = headerOffset + FilterHeaderBytes;
        int pathOffset = filterOffset + filterBytes;
        byte[] image = new byte[pathOffset + Encoding.UTF8.GetByteCount(path) + 1];

        WriteElfHeader(image);
        WriteSegment(image.AsSpan(ElfHeaderBytes), SegmentLoad, MayRead | MayExecute, Base, (ulong)image.Length);
        WriteSegment(image.AsSpan(ElfHeaderBytes + ProgramHeaderBytes), SegmentStack, MayRead | MayWrite, 0, 0);
        ReadOnlySpan<byte> code = [0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7, 0x0f, 0x05, 0xcc];
        code.CopyTo(image.AsSpan(CodeOffset));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(headerOffset), (ushort)filter.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(headerOffset + 8), Base + (ulong)filterOffset);
        filter.WriteTo(image.AsSpan(filterOffset));
        Encoding.UTF8.GetBytes(path, image.AsSpan(pathOffset));

        Bytes = image;
        PathAddress = Base + (ulong)pathOffset;
    }

    /// <summary>The file.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Where the SYSCALL instruction is.</summary>
    public ulong CallAddress => Base + CodeOffset + WaitBytes;

    /// <summary>Where a <c>struct sigaction</c> for the default action is, which is all zero.</summary>
    public ulong DefaultActionAddress => Base + DataOffset;

    /// <summary>Where <c>struct sock_fprog</c> is.</summary>
    public ulong FilterAddress => Base + DataOffset + SignalActionBytes;

    /// <summary>Where the path is.</summary>
    public ulong PathAddress { get; }

    private static void WriteElfHeader(Span<byte> image)
    {
        ReadOnlySpan<byte> identification = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identification.CopyTo(image);
        BinaryPrimitives.WriteUInt16LittleEndian(image[16..], 2); // e_type: ET_EXEC
        BinaryPrimitives.WriteUInt16LittleEndian(image[18..], 62); // e_machine: EM_X86_64
        BinaryPrimitives.WriteUInt32LittleEndian(image[20..], 1); // e_version
        BinaryPrimitives.WriteUInt64LittleEndian(image[24..], Base + CodeOffset); // e_entry
        BinaryPrimitives.WriteUInt64LittleEndian(image[32..], ElfHeaderBytes); // e_phoff
        BinaryPrimitives.WriteUInt16LittleEndian(image[52..], ElfHeaderBytes); // e_ehsize
        BinaryPrimitives.WriteUInt16LittleEndian(image[54..], ProgramHeaderBytes); // e_phentsize
        BinaryPrimitives.WriteUInt16LittleEndian(image[56..], 2); // e_phnum
    }

    private static void WriteSegment(Span<byte> header, uint type, uint flags, ulong address, ulong lengthBytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], flags);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], address); // p_vaddr
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], address); // p_paddr
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], lengthBytes); // p_filesz
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], lengthBytes); // p_memsz
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], PageSize.Bytes); // p_align
    }
}
