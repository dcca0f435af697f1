using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Tests.Mappings;

/// <summary>A small world that counts in pages from a base address, so that tests read as drawings.</summary>
internal static class MappingWorld
{
    public const ulong BasePage = 0x100000;

    public const VmFlags ReadWrite =
        VmFlags.Read | VmFlags.Write | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute | VmFlags.Account;

    public const VmFlags ReadOnly = ReadWrite & ~VmFlags.Write;

    private static readonly PhysicalMemory Memory = new();

    public static readonly AnonIdentity A = new(1, inherited: false);

    public static readonly AnonIdentity B = new(2, inherited: false);

    public static readonly AnonIdentity Inherited = new(3, inherited: true);

    public static VirtualAddress Page(int page) => new((BasePage + (ulong)page) * PageSize.Bytes);

    public static int PageOf(VirtualAddress address) => (int)((address.Value / PageSize.Bytes) - BasePage);

    public static ByteLength Pages(int count) => new((ulong)count * PageSize.Bytes);

    public static AddressRange Range(int from, int to) => new(Page(from), Page(to));

    /// <summary>Anonymous private memory made where it stands.</summary>
    public static Mapping Anonymous(int from, int to, VmFlags flags = ReadWrite, AnonIdentity anon = default) =>
        new(Range(from, to), flags, null, new PageCount(BasePage + (ulong)from), anon);

    /// <summary>A mapping of a file, its first page being page <paramref name="offset"/> of the file.</summary>
    public static Mapping OfFile(int from, int to, OpenFile file, int offset, VmFlags flags = ReadOnly, AnonIdentity anon = default) =>
        new(Range(from, to), flags, file, new PageCount((ulong)offset), anon);

    /// <summary>An open file whose pages nobody looks at.</summary>
    public static OpenFile AnyFile() => new(new MemoryObject(Memory, MemoryObjectKind.File, new ByteLength(ulong.MaxValue)));

    /// <summary>The same, whose mappings are counted.</summary>
    public static OpenFile CountedFile() => new(AnyFile().Object) { CountsMappings = true };

    public static MappingTree TreeOf(params ReadOnlySpan<Mapping> mappings)
    {
        MappingTree tree = new();
        foreach (Mapping mapping in mappings)
            tree.Insert(mapping);
        tree.Verify();
        return tree;
    }

    /// <summary>The mappings as "from..to" in pages, with the identity's number after a colon when there is one.</summary>
    public static string Draw(MappingTree tree)
    {
        List<string> lines = [];
        for (MappingHandle at = tree.First; at.Exists; at = tree.Next(at))
        {
            Mapping mapping = tree[at];
            string anon = mapping.Anon.IsNone ? "" : $":{mapping.Anon.Id}";
            lines.Add($"{PageOf(mapping.Start)}..{PageOf(mapping.End)}{anon}");
        }

        tree.Verify();
        return string.Join(" ", lines);
    }
}
