using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Units;

namespace PageShift.Tests.Mappings;

/// <summary>The calls of a recorded history on a <see cref="MappingTree"/> alone: what each does to the mappings when
/// it succeeds, and the address it returns. No pages, no limits.</summary>
internal sealed class RecordedSpace
{
    private const int NoLimit = int.MaxValue;
    private const VmFlags MayAll = VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute;
    private const uint Fixed = 1 << 1;
    private const uint DontUnmap = 1 << 2;
    private static readonly AddressLayout Layout = AddressLayout.FourLevels;
    private uint _anons;

    // Two memfds and two opens of one file on ext4, as the recorder has them.
    private readonly OpenFile[] _files = [.. Enumerable.Range(0, 4).Select(_ => MappingWorld.AnyFile())];

    public MappingTree Tree { get; } = new();

    public void Own(AddressRange range, VmFlags flags) =>
        Tree.Insert(new Mapping(range, flags, MappingWorld.AnyFile(), default, default));

    public VirtualAddress? Map(VirtualAddress hint, ByteLength length, VmFlags access, MapFlags flags, int file, ulong offset)
    {
        length = length.RoundUpToPages()!.Value;
        bool shared = flags.HasFlag(MapFlags.Shared);
        VirtualAddress? place = hint;
        if (flags.HasFlag(MapFlags.Fixed))
            Unmap(new AddressRange(hint, length));
        else
            place = AddressSelection.Choose(Tree, Layout, new AddressRequest(
                length, AddressSelection.RoundHint(hint, Layout), AlignmentOf(shared, file), offset, flags.HasFlag(MapFlags.Below2GiB)));
        if (place is not { } start)
            return null;

        VmFlags all = access | MayAll;
        all |= shared ? VmFlags.Shared | VmFlags.MayShare : VmFlags.None;
        all |= flags.HasFlag(MapFlags.NoReserve) ? VmFlags.NoReserve : VmFlags.None;
        all |= flags.HasFlag(MapFlags.Stack) ? VmFlags.NoHugePage : VmFlags.None;
        all |= flags.HasFlag(MapFlags.GrowsDown) ? VmFlags.GrowsDown : VmFlags.None;
        if ((all & (VmFlags.Write | VmFlags.Shared | VmFlags.NoReserve)) == VmFlags.Write)
            all |= VmFlags.Account;
        OpenFile? shown = file >= 0 ? _files[file] : shared ? MappingWorld.AnyFile() : null;
        PageCount pageOffset = new(shown is null ? start.Value / PageSize.Bytes : file >= 0 ? offset / PageSize.Bytes : 0);
        Tree.InsertMerging(new Mapping(new AddressRange(start, length), all, shown, pageOffset, default));
        return start;
    }

    public void Unmap(AddressRange range)
    {
        foreach (VirtualAddress edge in (ReadOnlySpan<VirtualAddress>)[range.Start, range.End])
        {
            if (Tree.Find(edge) is { Exists: true } cut && Tree.RangeOf(cut).Start < edge)
                Tree.Split(cut, edge);
        }

        foreach (MappingHandle handle in Tree.Overlapping(range))
            Tree.Remove(handle);
    }

    public void Protect(AddressRange range, VmFlags access)
    {
        VirtualAddress at = range.Start;
        while (at < range.End && Tree.Find(at) is { Exists: true } handle)
            at = Modify(handle, at, range.End, Protected(Tree[handle], access));
    }

    public void Advise(AddressRange range, VmFlags set, VmFlags clear)
    {
        foreach (MappingHandle handle in Tree.Overlapping(range))
        {
            VirtualAddress start = Tree.RangeOf(handle).Start;
            Modify(handle, start > range.Start ? start : range.Start, range.End, (Tree.FlagsOf(handle) & ~clear) | set);
        }
    }

    public void InstallGuards(AddressRange range)
    {
        foreach (MappingHandle handle in Tree.Overlapping(range))
        {
            Tree.SetFlags(handle, Tree.FlagsOf(handle) | VmFlags.MayHaveGuards);
            if (Tree.FileOf(handle) is null)
                Touch(Tree.RangeOf(handle).Start);
        }
    }

    public void Touch(VirtualAddress address)
    {
        MappingHandle handle = Tree.Find(address);
        if (Tree.FlagsOf(handle).HasFlag(VmFlags.Shared) || !Tree.AnonOf(handle).IsNone)
            return;
        AnonIdentity reused = Tree.FindReusableAnon(handle);
        Tree.TrySetAnon(handle, reused.IsNone ? new AnonIdentity(++_anons, inherited: false) : reused);
    }

    public VirtualAddress? Remap(VirtualAddress old, ByteLength oldLength, ByteLength newLength, uint flags, VirtualAddress to)
    {
        MappingHandle handle = Tree.Find(old);
        Mapping source = Tree[handle];
        AddressRange from = new(old, oldLength);
        if ((flags & Fixed) != 0)
        {
            Unmap(new AddressRange(to, newLength));
        }
        else
        {
            if (newLength == oldLength)
                return old;
            AddressRange extension = new(from.End, newLength - oldLength);
            if (from.End == source.End && !Tree.AnyOverlaps(extension))
            {
                Tree.ExtendMerging(handle, extension.End);
                return old;
            }

            if (flags == 0)
                return null;
            bool shared = source.Flags.HasFlag(VmFlags.Shared);
            if (AddressSelection.Choose(Tree, Layout, new AddressRequest(
                newLength, default, AlignmentOf(shared, FileIndexOf(source)), source.PageOffsetAt(old).Value * PageSize.Bytes)) is not { } chosen)
                return null;
            to = chosen;
        }

        Move(from, new AddressRange(to, newLength), (flags & DontUnmap) != 0);
        return to;
    }

    public void Fork()
    {
        MappingHandle next;
        for (MappingHandle at = Tree.First; at.Exists; at = next)
        {
            next = Tree.Next(at);
            if (Tree.FlagsOf(at).HasFlag(VmFlags.DontCopy))
                Tree.Remove(at);
            else if (!Tree.AnonOf(at).IsNone)
                Tree.SetAnon(at, new AnonIdentity(++_anons, inherited: true));
        }
    }

    private void Move(AddressRange from, AddressRange to, bool sourceStays)
    {
        MappingHandle handle = Tree.Find(from.Start);
        Mapping source = Tree[handle];
        bool wasTouched = !source.IsAnonymous || !source.Anon.IsNone;
        PageCount pageOffset = wasTouched ? source.PageOffsetAt(from.Start) : new PageCount(to.Start.Value / PageSize.Bytes);
        Tree.InsertMerging(source with { Range = to, PageOffset = pageOffset });
        if (!sourceStays)
            Unmap(from);
        else if (Tree.Find(from.Start) is var left && Tree.RangeOf(left) == from)
            Tree.SetAnon(left, AnonIdentity.None);
    }

    private VirtualAddress Modify(MappingHandle handle, VirtualAddress start, VirtualAddress end, VmFlags flags)
    {
        VirtualAddress own = Tree.RangeOf(handle).End;
        AddressRange part = new(start, own < end ? own : end);
        if (!Tree.TryModify(handle, part, flags, NoLimit, out _))
            throw new InvalidOperationException("There is no limit to exceed.");
        return part.End;
    }

    private static VmFlags Protected(in Mapping mapping, VmFlags access)
    {
        VmFlags flags = (mapping.Flags & ~VmFlags.AccessMask) | access;
        if (flags == mapping.Flags)
            return flags; // Then accounting is not looked at either.
        if (access.HasFlag(VmFlags.Write))
        {
            const VmFlags settled = VmFlags.Account | VmFlags.Write | VmFlags.Shared | VmFlags.NoReserve;
            return (mapping.Flags & settled) == 0 ? flags | VmFlags.Account : flags;
        }

        return mapping.IsAnonymous && mapping.Anon.IsNone ? flags & ~VmFlags.Account : flags;
    }

    private int FileIndexOf(in Mapping mapping) => mapping.File is null ? -1 : Array.IndexOf(_files, mapping.File);

    private static LargePageAlignment AlignmentOf(bool shared, int file) =>
        shared ? LargePageAlignment.None : file >= 0 ? LargePageAlignment.File : LargePageAlignment.Anonymous;
}
