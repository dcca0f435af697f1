using System.Globalization;
using System.Text;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Measurement.Workloads;

/// <summary>A log of a program that maps, protects, grows, shrinks and frees pieces of memory as an allocator does, in the bytes that strace -f -o writes.
/// The results are those of the engine, so that the log is one that can have been. It ends as it begins: it may be read again and again.</summary>
internal static class GrowingProgram
{
    private const int ThreadId = 21282;
    private const int LivePieces = 64;
    private const uint MostPages = 16;
    private const MapFlags Anonymous = MapFlags.Private | MapFlags.Anonymous;

    /// <summary>Writes a log of about <paramref name="bytes"/> bytes.</summary>
    internal static byte[] Write(int bytes)
    {
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        using var space = new AddressSpace(memory);
        var log = new StringBuilder(bytes + 4096);
        var pieces = new Queue<AddressRange>();
        var random = new Random(1);
        while (log.Length < bytes)
        {
            Map(space, log, pieces, (ulong)random.NextInt64(1, MostPages + 1) << PageSize.Shift);
            if (pieces.Count > LivePieces)
                Unmap(space, log, pieces.Dequeue());
            Change(space, log, pieces, random.Next(4));
        }

        while (pieces.TryDequeue(out AddressRange piece))
            Unmap(space, log, piece);
        return Encoding.ASCII.GetBytes(log.ToString());
    }

    private static void Change(AddressSpace space, StringBuilder log, Queue<AddressRange> pieces, int kind)
    {
        AddressRange piece = pieces.Dequeue();
        switch (kind)
        {
            case 0:
                Append(log, $"mprotect({piece.Start}, {piece.Length}, PROT_READ)", space.Protect(piece.Start, piece.Length, Protection.Read));
                break;
            case 1:
                Append(log, $"madvise({piece.Start}, {piece.Length}, MADV_DONTNEED)", space.Advise(piece.Start, piece.Length, Advice.DontNeed));
                break;
            case 2:
                ByteLength wanted = piece.Length.WholePages.Value > MostPages ? PageSize.Length : piece.Length + piece.Length;
                CallResult moved = space.Remap(piece.Start, piece.Length, wanted, RemapFlags.MayMove);
                Append(log, $"mremap({piece.Start}, {piece.Length}, {wanted}, MREMAP_MAYMOVE)", moved);
                piece = new AddressRange(moved.Address, wanted);
                break;
            default:
                Append(log, $"mprotect({piece.Start}, {piece.Length}, PROT_READ|PROT_WRITE)", space.Protect(piece.Start, piece.Length, Protection.Read | Protection.Write));
                break;
        }

        pieces.Enqueue(piece);
    }

    private static void Map(AddressSpace space, StringBuilder log, Queue<AddressRange> pieces, ulong length)
    {
        CallResult mapped = space.Map(VirtualAddress.Zero, new ByteLength(length), Protection.Read | Protection.Write, Anonymous | MapFlags.Populate);
        Append(log, $"mmap(NULL, {length}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)", mapped);
        pieces.Enqueue(new AddressRange(mapped.Address, new ByteLength(length)));
    }

    private static void Unmap(AddressSpace space, StringBuilder log, AddressRange piece) =>
        Append(log, $"munmap({piece.Start}, {piece.Length})", space.Unmap(piece.Start, piece.Length));

    private static void Append(StringBuilder log, string call, CallResult result)
    {
        const int OutcomeColumn = 40;
        if (result.IsError)
            throw new InvalidOperationException($"A call of the workload failed: {call} = {result}.");
        string outcome = result.Raw == 0 ? "0" : result.ToString();
        log.Append(CultureInfo.InvariantCulture, $"{ThreadId} {call.PadRight(OutcomeColumn - 1)} = {outcome}\n");
    }
}
