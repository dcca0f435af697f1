using System.Buffers.Binary;

namespace PageShift.Linux;

/// <summary>The host as an ELF executable of one page: header, two program headers, <see cref="HostCode"/>.</summary>
internal static class HostImage
{
    private const int FileHeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const int HeaderBytes = FileHeaderBytes + 2 * ProgramHeaderBytes;
    private const uint LoadSegment = 1;
    private const uint StackSegment = 0x6474e551;
    private const uint ReadExecute = 5;
    private const uint ReadWrite = 6;

    /// <summary>The length of the one segment, headers and code.</summary>
    internal static int SegmentBytes => HeaderBytes + HostCode.Bytes.Length;

    /// <summary>Writes the executable to <paramref name="page"/>.</summary>
    internal static void WriteTo(Span<byte> page)
    {
        ReadOnlySpan<byte> code = HostCode.Bytes;
        ReadOnlySpan<byte> identification = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identification.CopyTo(page);
        BinaryPrimitives.WriteUInt16LittleEndian(page[16..], 2);                    // ET_EXEC
        BinaryPrimitives.WriteUInt16LittleEndian(page[18..], 62);                   // EM_X86_64
        BinaryPrimitives.WriteUInt32LittleEndian(page[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(page[24..], HostLayout.LoadAddress + HeaderBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(page[32..], FileHeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(page[52..], FileHeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(page[54..], ProgramHeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(page[56..], 2);
        WriteSegment(page[FileHeaderBytes..], LoadSegment, ReadExecute, HostLayout.LoadAddress, (ulong)SegmentBytes);
        // Without this segment the kernel could make every readable mapping executable as well.
        WriteSegment(page[(FileHeaderBytes + ProgramHeaderBytes)..], StackSegment, ReadWrite, 0, 0);
        code.CopyTo(page[HeaderBytes..]);
    }

    private static void WriteSegment(Span<byte> header, uint type, uint flags, ulong address, ulong bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], flags);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], PageSize.Bytes);
    }
}
