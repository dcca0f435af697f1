using System.Buffers.Binary;
using PageShift.Units;

namespace PageShift.Linux.Interop;

/// <summary>A program without libraries as an ELF executable: a header, two program headers, and what the program consists of, which
/// begins with its first instruction. It loads at a fixed address and has no memory to write to but its stack.
/// Source: <c>include/uapi/linux/elf.h</c> (layout and values).</summary>
internal static class ElfProgram
{
    /// <summary>Where the first byte of the file is loaded; the heap begins behind the last.</summary>
    internal const ulong LoadAddress = 0x40_0000;

    /// <summary>The bytes before the program's own.</summary>
    internal const int HeaderBytes = FileHeaderBytes + 2 * ProgramHeaderBytes;

    /// <summary>Where the program's own bytes begin, and where it starts.</summary>
    internal const ulong StartAddress = LoadAddress + HeaderBytes;

    private const int FileHeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const ushort FixedExecutable = 2;
    private const ushort X64 = 62;
    private const uint Load = 1;
    private const uint Stack = 0x6474e551;
    private const uint ReadExecute = 5;
    private const uint ReadWrite = 6;

    /// <summary>The file of a program.</summary>
    internal static byte[] Of(ReadOnlySpan<byte> program)
    {
        byte[] file = new byte[HeaderBytes + program.Length];
        WriteFileHeader(file);
        WriteProgramHeader(file.AsSpan(FileHeaderBytes), Load, ReadExecute, LoadAddress, (ulong)file.Length);
        // Without this header the kernel could make every readable mapping executable as well.
        WriteProgramHeader(file.AsSpan(FileHeaderBytes + ProgramHeaderBytes), Stack, ReadWrite, 0, 0);
        program.CopyTo(file.AsSpan(HeaderBytes));
        return file;
    }

    private static void WriteFileHeader(Span<byte> header)
    {
        ReadOnlySpan<byte> identification = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identification.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[16..], FixedExecutable); // e_type
        BinaryPrimitives.WriteUInt16LittleEndian(header[18..], X64); // e_machine
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1); // e_version
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], StartAddress); // e_entry
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], FileHeaderBytes); // e_phoff
        BinaryPrimitives.WriteUInt16LittleEndian(header[52..], FileHeaderBytes); // e_ehsize
        BinaryPrimitives.WriteUInt16LittleEndian(header[54..], ProgramHeaderBytes); // e_phentsize
        BinaryPrimitives.WriteUInt16LittleEndian(header[56..], 2); // e_phnum
    }

    private static void WriteProgramHeader(Span<byte> header, uint type, uint flags, ulong address, ulong lengthBytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, type); // p_type
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], flags); // p_flags
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], address); // p_vaddr
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], address); // p_paddr
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], lengthBytes); // p_filesz
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], lengthBytes); // p_memsz
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], PageSize.Bytes); // p_align
    }
}
