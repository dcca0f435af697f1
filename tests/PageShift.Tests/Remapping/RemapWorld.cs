using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Remapping;

/// <summary>A space with shorthands: addresses in pages above a base, every result checked, every page stamped with where it was first.</summary>
internal sealed class RemapWorld : IDisposable
{
    internal const ulong Base = 0x10_0000_0000;
    internal const RemapFlags Move = RemapFlags.MayMove;
    internal const RemapFlags Fixed = RemapFlags.MayMove | RemapFlags.Fixed;
    internal const RemapFlags Keep = RemapFlags.MayMove | RemapFlags.Fixed | RemapFlags.DontUnmap;

    private readonly VirtualProcessor _processor;

    internal RemapWorld(AddressSpaceOptions? options = null)
    {
        Memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 1UL << 30 });
        Space = new AddressSpace(Memory, options);
        _processor = Space.CreateProcessor();
    }

    internal PhysicalMemory Memory { get; }

    internal AddressSpace Space { get; }

    public void Dispose()
    {
        _processor.Dispose();
        Space.Dispose();
        Memory.Dispose();
    }

    internal static VirtualAddress At(ulong page) => new(Base + (page << PageSize.Shift));

    internal static ByteLength Pages(ulong count) => new(count << PageSize.Shift);

    /// <summary>Maps private anonymous pages and stamps each.</summary>
    internal void MapFilled(ulong page, ulong count)
    {
        MapEmpty(page, count);
        Stamp(page, count);
    }

    internal void MapEmpty(ulong page, ulong count, Protection protection = Protection.Read | Protection.Write, MapFlags flags = MapFlags.Private | MapFlags.Anonymous, OpenFile? file = null, ulong offset = 0)
    {
        CallResult result = Space.Map(At(page), Pages(count), protection, flags | MapFlags.FixedNoReplace, file, offset);
        Assert.Equal(At(page), result.Address);
    }

    internal void Stamp(ulong page, ulong count)
    {
        for (ulong i = page; i < page + count; i++)
            _processor.Write(At(i), i + 1);
    }

    /// <summary>The stamps of pages, 0 for one that was never stamped.</summary>
    internal ulong[] Stamps(ulong page, ulong count)
    {
        var stamps = new ulong[count];
        for (ulong i = 0; i < count; i++)
            stamps[i] = _processor.Read<ulong>(At(page + i));
        return stamps;
    }

    internal void AssertStamps(ulong page, ulong count, ulong from) =>
        Assert.Equal([.. Enumerable.Range(0, (int)count).Select(i => from + (ulong)i + 1)], Stamps(page, count));

    internal AccessFault Peek(ulong page) => _processor.TryRead<byte>(At(page), out _);

    internal CallResult Remap(ulong page, ulong oldPages, ulong newPages, RemapFlags flags, ulong to = 0)
    {
        CallResult result = Space.Remap(At(page), Pages(oldPages), Pages(newPages), flags, At(to));
        Space.Verify();
        return result;
    }

    /// <summary>Where the mappings are: "2-4 7-8", in pages above the base.</summary>
    internal string Layout() => string.Join(' ', Space.GetMappings().Select(m =>
        $"{(m.Start.Value - Base) >> PageSize.Shift}-{(m.End.Value - Base) >> PageSize.Shift}"));
}
