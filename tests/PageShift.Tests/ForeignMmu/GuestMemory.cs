using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Tests.ForeignMmu;

/// <summary>The guest's physical memory: a sparse file that the guest maps, so that what it writes can be read here when it is done. An offset in the file is a physical address.</summary>
internal sealed class GuestMemory : IDisposable
{
    private const ulong Gigabyte = 1UL << 30;
    private const ulong LongModeControl4 = 1 << 5; // PAE
    private const ulong FiveLevelControl4 = 1 << 12; // LA57
    private const int RunFrames = 256;

    private readonly string _folder = Directory.CreateTempSubdirectory("pageshift-guest-").FullName;
    private readonly SafeFileHandle _file;
    private readonly byte[] _run = new byte[RunFrames * (int)PageSize.Bytes];

    internal GuestMemory()
    {
        Path = System.IO.Path.Combine(_folder, "memory");
        _file = File.OpenHandle(Path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.SetLength(_file, (long)GuestLayout.MemoryLength);
    }

    internal string Path { get; }

    /// <summary>A place for another file of the guest's, which goes with it.</summary>
    internal string PathOf(string name) => System.IO.Path.Combine(_folder, name);

    public void Dispose()
    {
        _file.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    internal void Write(ulong physical, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_file, bytes, (long)physical);

    internal void Write(ulong physical, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Write(physical, bytes);
    }

    internal void Read(ulong physical, Span<byte> bytes)
    {
        for (int read = 0; read < bytes.Length;)
            read += RandomAccess.Read(_file, bytes[read..], (long)physical + read);
    }

    internal ulong Read(ulong physical)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Read(physical, bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>Puts frames of the engine where the guest has them, as they are.</summary>
    internal void Place(PhysicalMemory memory, SortedSet<ulong> frames)
    {
        foreach ((ulong first, int count) in Runs(frames))
        {
            for (int i = 0; i < count; i++)
                memory.Bytes(new FrameNumber(first + (ulong)i)).CopyTo(_run.AsSpan(i << PageSize.Shift));
            Write(first << PageSize.Shift, _run.AsSpan(0, count << PageSize.Shift));
        }
    }

    /// <summary>The first byte in which the guest's memory and the engine's differ, apart from the slots that lead to the kernel's half; null when there is none.</summary>
    internal (ulong Physical, byte Guest, byte Engine)? FirstDifference(PhysicalMemory memory, SortedSet<ulong> frames, IReadOnlySet<ulong> roots)
    {
        foreach ((ulong first, int count) in Runs(frames))
        {
            Read(first << PageSize.Shift, _run.AsSpan(0, count << PageSize.Shift));
            for (int i = 0; i < count; i++)
            {
                ulong frame = first + (ulong)i;
                int compared = (int)PageSize.Bytes - (roots.Contains(frame) ? sizeof(ulong) : 0);
                ReadOnlySpan<byte> guest = _run.AsSpan(i << PageSize.Shift, compared);
                ReadOnlySpan<byte> engine = memory.Bytes(new FrameNumber(frame))[..compared];
                int same = guest.CommonPrefixLength(engine);
                if (same < compared)
                    return ((frame << PageSize.Shift) + (ulong)same, guest[same], engine[same]);
            }
        }

        return null;
    }

    /// <summary>Writes what the stub needs: the kernel's half, and the tables of the processor that are no page tables.</summary>
    internal void PlaceKernel(StubRom stub, int levels)
    {
        const ulong Window = PageTableEntry.TableBits | PageTableEntry.LargeBit;
        bool isFiveLevel = levels == PagingGeometry.MaximumLevels;
        ulong third = GuestLayout.PhysicalOf(GuestLayout.KernelThirdTable);
        foreach (ulong half in new ulong[] { 0, 508 })
        {
            WriteEntry(third, half + 2, new PageTableEntry((2 * Gigabyte) | Window));
            WriteEntry(third, half + 3, new PageTableEntry((3 * Gigabyte) | Window));
        }

        ulong fourth = GuestLayout.PhysicalOf(isFiveLevel ? GuestLayout.KernelFourthTable : GuestLayout.BootRoot);
        WriteEntry(fourth, 0, Table(third)); // where the stub runs when it switches paging on
        WriteEntry(fourth, 511, Table(third));
        if (isFiveLevel)
        {
            WriteEntry(GuestLayout.PhysicalOf(GuestLayout.BootRoot), 0, Table(fourth));
            WriteEntry(GuestLayout.PhysicalOf(GuestLayout.BootRoot), 511, Table(fourth));
        }

        Write(GuestLayout.PhysicalOf(GuestLayout.BootControl4), LongModeControl4 | (isFiveLevel ? FiveLevelControl4 : 0));
        PlaceDescriptors();
        PlaceHandlers(stub);
    }

    /// <summary>Lets the last slot of a root lead to the kernel's half.</summary>
    internal void JoinKernel(FrameNumber root, int levels) => WriteEntry(
        root.Value << PageSize.Shift, 511, Table(GuestLayout.PhysicalOf(levels == PagingGeometry.MaximumLevels ? GuestLayout.KernelFourthTable : GuestLayout.KernelThirdTable)));

    // Descriptors: Intel SDM volume 3A, sections 3.4.5 (segments) and 8.2.3 (the task state of 64-bit mode).
    private void PlaceDescriptors()
    {
        const ulong AvailableTask = 0x89;
        const ulong TaskLength = 0x68;
        ulong task = GuestLayout.VirtualOf(GuestLayout.TaskState);
        ulong[] descriptors =
        [
            0,
            0x00cf_9b00_0000_ffff, // code of 32 bits
            0x00cf_9300_0000_ffff, // data
            0x00af_9b00_0000_ffff, // code of 64 bits
            0x00cf_f300_0000_ffff, // the user's data
            0x00af_fb00_0000_ffff, // the user's code
            (TaskLength - 1) | ((task & 0xff_ffff) << 16) | (AvailableTask << 40) | ((task >> 24 & 0xff) << 56),
            task >> 32,
        ];
        for (int i = 0; i < descriptors.Length; i++)
            Write(GuestLayout.PhysicalOf(GuestLayout.DescriptorTable) + (ulong)(i * sizeof(ulong)), descriptors[i]);
        Write(GuestLayout.PhysicalOf(GuestLayout.TaskState) + 4, GuestLayout.VirtualOf(GuestLayout.StackEnd)); // RSP0
    }

    private void PlaceHandlers(StubRom stub)
    {
        const ulong PresentInterruptGate = 0x8e;
        for (int vector = 0; vector < StubRom.Vectors; vector++)
        {
            ulong handler = stub.Handlers[vector];
            ulong gate = GuestLayout.PhysicalOf(GuestLayout.InterruptTable) + (ulong)(vector * 16);
            Write(gate, (handler & 0xffff) | ((ulong)GuestLayout.Code64Selector << 16) | (PresentInterruptGate << 40) | ((handler >> 16 & 0xffff) << 48));
            Write(gate + 8, handler >> 32);
        }
    }

    private void WriteEntry(ulong table, ulong index, PageTableEntry entry) => Write(table + (index * sizeof(ulong)), entry.Value);

    private static PageTableEntry Table(ulong physical) => PageTableEntry.ToTable(new FrameNumber(physical >> PageSize.Shift));

    private static IEnumerable<(ulong First, int Count)> Runs(SortedSet<ulong> frames)
    {
        ulong first = 0;
        int count = 0;
        foreach (ulong frame in frames)
        {
            if (count != 0 && (frame != first + (ulong)count || count == RunFrames))
            {
                yield return (first, count);
                count = 0;
            }

            if (count++ == 0)
                first = frame;
        }

        if (count != 0)
            yield return (first, count);
    }
}
