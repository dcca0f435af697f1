using System.Globalization;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.SystemCalls;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Tests.SystemCalls;

/// <summary>The engine's side of one history of Recorded/record.c: an address space with the recorder's files and limits.</summary>
internal sealed class RecordedProcess : IDisposable
{
    private const ulong Window = 0x100000000000;
    private const ulong WindowPages = 20;
    private const ulong LargeWindowPages = 2304;
    private const ulong Vector = 0xe0000000000;
    private const int VectorLength = 32;
    private const ulong RecordersMemory = 25276510208; // what a single charge may reach on the machine of the recordings

    private static readonly Dictionary<string, (SystemCallNumber Number, int Arguments)> Calls = new()
    {
        ["mmap"] = (SystemCallNumber.Map, 6),
        ["munmap"] = (SystemCallNumber.Unmap, 2),
        ["mprotect"] = (SystemCallNumber.Protect, 3),
        ["madvise"] = (SystemCallNumber.Advise, 3),
        ["mremap"] = (SystemCallNumber.Remap, 5),
        ["mlock"] = (SystemCallNumber.Lock, 2),
        ["mlock2"] = (SystemCallNumber.Lock2, 3),
        ["munlock"] = (SystemCallNumber.Unlock, 2),
        ["mlockall"] = (SystemCallNumber.LockAll, 1),
        ["munlockall"] = (SystemCallNumber.UnlockAll, 0),
        ["mincore"] = (SystemCallNumber.InCore, 3),
        ["msync"] = (SystemCallNumber.Sync, 3),
        ["mseal"] = (SystemCallNumber.Seal, 3),
        ["brk"] = (SystemCallNumber.Break, 1),
    };

    private static readonly (string Code, VmFlags Flag)[] Codes =
    [
        ("rd", VmFlags.Read), ("wr", VmFlags.Write), ("ex", VmFlags.Execute), ("sh", VmFlags.Shared), ("mr", VmFlags.MayRead), ("mw", VmFlags.MayWrite),
        ("me", VmFlags.MayExecute), ("ms", VmFlags.MayShare), ("gd", VmFlags.GrowsDown), ("lo", VmFlags.Locked), ("lf", VmFlags.LockOnFault),
        ("ac", VmFlags.Account), ("nr", VmFlags.NoReserve), ("de", VmFlags.DontExpand), ("dc", VmFlags.DontCopy), ("dd", VmFlags.DontDump),
        ("wf", VmFlags.WipeOnFork), ("hg", VmFlags.HugePage), ("nh", VmFlags.NoHugePage), ("mg", VmFlags.Mergeable), ("sr", VmFlags.SequentialRead),
        ("rr", VmFlags.RandomRead), ("sf", VmFlags.Sync), ("dp", VmFlags.Droppable), ("sl", VmFlags.Sealed), ("gu", VmFlags.MayHaveGuards),
    ];

    private readonly MemoryObject _object;
    private readonly PhysicalMemory _memory = new();
    private readonly ulong _windowPages;
    private AddressSpace _space;

    internal RecordedProcess(bool isLarge)
    {
        _windowPages = isLarge ? LargeWindowPages : WindowPages;
        _object = new MemoryObject(_memory, MemoryObjectKind.Memory, new ByteLength(8 * PageSize.Bytes));
        _space = MakeSpace(new AddressSpaceOptions { CommitLimit = new ByteLength(RecordersMemory) });
        FillObject();
    }

    public void Dispose()
    {
        _space.Dispose();
        _object.Dispose();
        _memory.Dispose();
    }

    /// <summary>Does what a line of a recording says. Returns null, or how the outcome differs.</summary>
    internal string? Repeat(string line)
    {
        if (line.StartsWith("# limits ", StringComparison.Ordinal))
        {
            SetLimits([.. line[9..].Split(' ').Select(ulong.Parse)]);
            return null;
        }

        if (line.StartsWith("# state", StringComparison.Ordinal))
            return Compare(Normalise(line[7..]), State());
        if (line.StartsWith('#'))
            return null;
        int open = line.IndexOf('(');
        int equals = line.IndexOf(") = ", StringComparison.Ordinal);
        string name = line[..open];
        ulong[] arguments = [.. line[(open + 1)..equals].Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(Number)];
        string expected = line[(equals + 4)..];
        return Compare(expected, name switch
        {
            "peek" => Peek(new VirtualAddress(arguments[0])),
            "poke" => Poke(new VirtualAddress(arguments[0]), (byte)arguments[1]),
            "brk" => Break(arguments[0]),
            _ => Call(name, arguments),
        });
    }

    private static string? Compare(string expected, string actual) =>
        expected == actual ? null : $"\n  the kernel: {expected}\n  the engine: {actual}";

    private static ulong Number(string text) => text switch
    {
        ['0', 'x', .. string digits] => ulong.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        ['-', ..] => unchecked((ulong)long.Parse(text, CultureInfo.InvariantCulture)),
        _ => ulong.Parse(text, CultureInfo.InvariantCulture),
    };

    private AddressSpace MakeSpace(AddressSpaceOptions options)
    {
        var space = new AddressSpace(_memory, options);
        space.Descriptors.Set(3, new OpenFile(_object));
        space.Descriptors.Set(4, new OpenFile(_object) { CanWrite = false });
        space.Descriptors.Set(5, new OpenFile(_object) { CanRead = false });
        space.Descriptors.Set(6, new OpenFile(_object) { CanWrite = false, IsUnmappable = true });
        space.Descriptors.Set(7, new OpenFile(_object) { IsPathOnly = true });
        Require(space.Map(new VirtualAddress(Vector), PageSize.Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        return space;
    }

    private void FillObject()
    {
        const ulong Filled = 5;
        VirtualAddress at = _space.Map(
            default, new ByteLength(Filled * PageSize.Bytes), Protection.Read | Protection.Write, MapFlags.Shared, new OpenFile(_object)).Address;
        for (ulong page = 0; page < Filled; page++)
            _space.Write(at + new ByteLength(page * PageSize.Bytes), (byte)('a' + page));
        Require(_space.Unmap(at, new ByteLength(Filled * PageSize.Bytes)));
    }

    private void SetLimits(ulong[] pages)
    {
        _space.Dispose();
        _space = MakeSpace(new AddressSpaceOptions { IsPrivileged = false, CommitLimit = new ByteLength(RecordersMemory) });
        ulong mapped = _space.TotalPages.Value; // the recorder's own memory, as there, is not part of the limits
        _space.Limits = _space.Limits with
        {
            Locked = new ByteLength(pages[0] * PageSize.Bytes),
            AddressSpace = new ByteLength((pages[1] + mapped) * PageSize.Bytes),
            Data = new ByteLength((pages[2] + mapped) * PageSize.Bytes),
        };
    }

    private string Call(string name, ulong[] arguments)
    {
        if (name == "mincore")
            _space.Fill(new AddressRange(new VirtualAddress(Vector), new ByteLength(VectorLength)), 9);
        (SystemCallNumber number, int count) = Calls[name];
        if (count != arguments.Length)
            throw new FormatException($"{name} has {count} arguments.");
        ulong[] registers = [.. arguments, .. new ulong[6 - count]];
        var result = new CallResult(_space.Invoke((long)number, registers[0], registers[1], registers[2], registers[3], registers[4], registers[5]));
        UnmapOutside(name, arguments, result);
        string text = result.IsError ? $"-1 {ErrnoName.Of(result.Error)}"
            : result.Raw == 0 ? "0"
            : (ulong)result.Raw is >= Window and < Window + (1UL << 40) ? $"0x{result.Raw:x}" : "high";
        return name == "mincore" && arguments[2] == Vector && text is "0" or "-1 ENOMEM" ? $"{text} {VectorText()}" : text;
    }

    // The recorder takes away at once what came to lie outside its window.
    private void UnmapOutside(string name, ulong[] arguments, CallResult result)
    {
        var kept = new AddressRange(new VirtualAddress(Window), new ByteLength((_windowPages + 8) * PageSize.Bytes));
        if (name is not ("mmap" or "mremap") || result.Raw <= 0 || kept.Contains(result.Address))
            return;
        Require(_space.Unmap(result.Address, new ByteLength(name == "mmap" ? arguments[1] : arguments[2])));
    }

    private string VectorText()
    {
        var bytes = new byte[VectorLength];
        _space.Read(new VirtualAddress(Vector), bytes);
        return string.Concat(bytes);
    }

    private string Break(ulong distance)
    {
        ulong start = _space.BreakStart.Value;
        long result = _space.Invoke((long)SystemCallNumber.Break, unchecked(start + distance));
        return $"0x{unchecked((ulong)result - start):x}";
    }

    private string Poke(VirtualAddress address, byte value) => FaultText(_space.TryWrite(address, [value], out _)) ?? "0";

    private string Peek(VirtualAddress address)
    {
        Span<byte> one = stackalloc byte[1];
        return FaultText(_space.TryRead(address, one, out _)) ?? one[0].ToString(CultureInfo.InvariantCulture);
    }

    private static string? FaultText(AccessFault fault) => fault switch
    {
        AccessFault.None => null,
        AccessFault.BeyondObject => "BUS",
        AccessFault.NotMapped or AccessFault.GuardPage => "MAPERR",
        AccessFault.NotPermitted => "ACCERR",
        _ => fault.ToString(),
    };

    private string State()
    {
        _space.Verify();
        var window = new AddressRange(new VirtualAddress(Window), new ByteLength(_windowPages * PageSize.Bytes));
        string mappings = string.Concat(_space.GetMappings(window).Select(Describe));
        char[] pages = new string('0', (int)_windowPages).ToCharArray();
        foreach ((VirtualAddress start, PageTableLevel level, PageTableEntry entry) in _space.GetLeaves(window))
        {
            int count = (int)Math.Min(_space.Geometry.FramesPerLeaf(level), _windowPages - (ulong)PageOf(start));
            pages.AsSpan((int)PageOf(start), count).Fill(entry.IsMapped ? '1' : entry.IsGuard ? 'g' : '0');
        }

        return $"{mappings} | {Runs(pages)}";
    }

    private string Describe(Mapping mapping)
    {
        IEnumerable<string> codes = Codes.Where(code => mapping.Flags.HasFlag(code.Flag)).Select(code => code.Code).Order(StringComparer.Ordinal);
        ulong offset = mapping.File is null ? 0 : mapping.PageOffset.Value;
        int large = _space.GetLeaves(mapping.Range).Count(leaf => leaf.Level == PageTableLevel.Pmd && leaf.Entry.IsMapped && !_memory.IsZeroPage(leaf.Entry.Frame));
        return $" | {PageOf(mapping.Start)}-{PageOf(mapping.End)} {offset:x} {large} {string.Join(' ', codes)}";
    }

    private static string Runs(ReadOnlySpan<char> pages)
    {
        var runs = new List<string>();
        while (!pages.IsEmpty)
        {
            int end = pages.IndexOfAnyExcept(pages[0]);
            int length = end < 0 ? pages.Length : end;
            runs.Add($"{pages[0]}*{length}");
            pages = pages[length..];
        }

        return string.Join(' ', runs);
    }

    private static long PageOf(VirtualAddress address) => (long)(address.Value - Window) / (long)PageSize.Bytes;

    // The kernel's codes in alphabetical order.
    private static string Normalise(string state)
    {
        string[] parts = state.Split(" | ", StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> mappings = parts[..^1].Select(part =>
        {
            string[] words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return $" | {words[0]} {words[1]} {words[2]} {string.Join(' ', words[3..].Order(StringComparer.Ordinal))}";
        });
        return $"{string.Concat(mappings)} | {parts[^1]}";
    }

    private static void Require(CallResult result)
    {
        if (result.IsError)
            throw new InvalidOperationException($"The recorder's call failed here: {result}.");
    }
}
