using System.Runtime.CompilerServices;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Access;

/// <summary>A space with one processor, counted in pages from a base that is aligned to 1 GiB. Disposing it checks the invariants, and that all frames come back.</summary>
internal sealed class AccessWorld : IDisposable
{
    public const ulong BaseAddress = 0x4000_0000;

    public const Protection ReadWrite = Protection.Read | Protection.Write;

    private readonly List<MemoryObject> _objects = [];

    public AccessWorld(PhysicalMemory? memory = null, AddressSpaceOptions? options = null)
    {
        Memory = memory ?? new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 64 << 20 });
        Space = new AddressSpace(Memory, options);
        Processor = Space.CreateProcessor();
    }

    /// <summary>A space on an arena that fences its frames: a stray write is found when the world is disposed.</summary>
    public static AccessWorld Fenced() => new(new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 4 << 20, Fenced = true }));

    public PhysicalMemory Memory { get; }

    public AddressSpace Space { get; }

    /// <summary>The space's page tables, for what no call can put there.</summary>
    public PageTableTree Tables => TablesOf(Space);

    public VirtualProcessor Processor { get; }

    public static VirtualAddress Page(long page) => new(BaseAddress + ((ulong)page * PageSize.Bytes));

    public static VirtualAddress At(long page, int offset) => new(BaseAddress + ((ulong)page * PageSize.Bytes) + (ulong)offset);

    public static ByteLength Pages(long count) => new((ulong)count * PageSize.Bytes);

    public static AddressRange Range(long from, long to) => new(Page(from), Page(to));

    public static VirtualAddress Must(CallResult result)
    {
        Assert.False(result.IsError, $"The call failed: {result}.");
        return new VirtualAddress((ulong)result.Raw);
    }

    /// <summary>Maps pages [from, to) privately.</summary>
    public void Map(long from, long to, Protection protection = ReadWrite, MapFlags extra = MapFlags.None, OpenFile? file = null, long filePage = 0)
    {
        MapFlags type = (extra & MapFlags.TypeMask) == 0 ? MapFlags.Private : MapFlags.None;
        MapFlags source = file is null ? MapFlags.Anonymous : MapFlags.None;
        Must(Space.Map(Page(from), Pages(to - from), protection, type | source | MapFlags.Fixed | extra, file, (ulong)filePage * PageSize.Bytes));
    }

    public void Advise(long from, long to, Advice advice) => Must(Space.Advise(Page(from), Pages(to - from), advice));

    public void Protect(long from, long to, Protection protection) => Must(Space.Protect(Page(from), Pages(to - from), protection));

    public void Unmap(long from, long to) => Must(Space.Unmap(Page(from), Pages(to - from)));

    /// <summary>A file whose page n is filled with the byte n + 1.</summary>
    public OpenFile NumberedFile(int pages) => Open(new MemoryObject(Memory, MemoryObjectKind.File, Pages(pages), static (page, bytes) => bytes.Fill((byte)(page.Value + 1))));

    public OpenFile MemoryFile(long pages) => Open(new MemoryObject(Memory, MemoryObjectKind.Memory, Pages(pages)));

    /// <summary>The pages of [from, to) that have a leaf, as a string: '0' zero page, 'w' writable, 'r' read-only, 'n' PROT_NONE, 'G' guard, 's' other marker, '.' nothing. A large leaf is
    /// in capitals, 'Z' for the zero page.</summary>
    public string Draw(long from, long to)
    {
        char[] drawing = new char[to - from];
        Array.Fill(drawing, '.');
        foreach ((VirtualAddress start, PageTableLevel level, PageTableEntry entry) in Space.GetLeaves(Range(from, to)))
        {
            ulong first = start.Value < Page(from).Value ? 0 : (start - Page(from)).WholePages.Value;
            ulong end = Math.Min((ulong)drawing.Length, (start + Space.Geometry.Span(level) - Page(from)).WholePages.Value);
            for (ulong i = first; i < end; i++)
                drawing[i] = LetterOf(entry, level > PageTableLevel.Pte);
        }

        return new string(drawing);
    }

    public PageTableEntry LeafOf(long page) => Assert.Single(Space.GetLeaves(Range(page, page + 1))).Entry;

    public Mapping MappingAt(long page) => Assert.Single(Space.GetMappings(Range(page, page + 1)));

    public void Dispose()
    {
        Space.Verify();
        Memory.VerifyFences();
        Processor.Dispose();
        Space.Dispose();
        foreach (MemoryObject memoryObject in _objects)
            memoryObject.Dispose();
        Assert.Equal(0UL, Memory.DataFrames);
        Assert.Equal(0UL, Memory.TableFrames);
        Memory.Dispose();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_tables")]
    private static extern ref readonly PageTableTree TablesOf(AddressSpace space);

    private OpenFile Open(MemoryObject memoryObject)
    {
        _objects.Add(memoryObject);
        return new OpenFile(memoryObject);
    }

    private char LetterOf(PageTableEntry entry, bool isLarge)
    {
        char letter = entry switch
        {
            { IsGuard: true } => 'G',
            { IsMarker: true } => 's',
            { IsProtNone: true } => 'n',
            _ when Memory.IsZeroPage(entry.Frame) => isLarge ? 'Z' : '0',
            { IsWritable: true } => 'w',
            _ => 'r',
        };
        return isLarge ? char.ToUpperInvariant(letter) : letter;
    }
}
