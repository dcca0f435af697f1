using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>What an address space consists of, and what its operations share. Each operation that is a type of its own takes from here what it works on.</summary>
/// <remarks>Guarded by the mapping lock: shared for accesses and faults, exclusively for calls. Empty slots are filled, and identities set, under the fault lock.</remarks>
internal sealed class SpaceState
{
    private readonly IObjectMapper _mapper;
    private AddressLayout _layout;

    internal SpaceState(PhysicalMemory memory, AddressSpaceOptions options, AnonIdentitySource anonIdentities, IObjectMapper mapper)
    {
        Memory = memory;
        Options = options;
        AnonIdentities = anonIdentities;
        _mapper = mapper;
        _layout = MakeLayout(options);
        Controls = options.IsPrivileged ? ProcessControls.Privileged : ProcessControls.Ordinary;
        Accounts = new PageAccounts(this);
        Tables = new PageTableTree(memory, options.Geometry);
        LinuxTables = new LinuxTables(Tables);
    }

    internal PhysicalMemory Memory { get; }

    /// <summary>True once the space was disposed, or its memory: the tables are gone, and perhaps the memory too.</summary>
    internal bool IsEnded { get; set; }

    internal AddressSpaceOptions Options { get; }

    /// <summary>What the process may do, and has asked for.</summary>
    internal ProcessControls Controls { get; set; }

    /// <summary>True when faults may bring in large pages in private anonymous memory with these flags: where madvise asked for them; anywhere else if the system gives them unasked, and
    /// the process has not refused that.</summary>
    internal bool MayFaultLarge(VmFlags flags)
    {
        if (!Options.TransparentHugePages || Controls.LargePages == LargePageDisabling.Disabled || flags.Has(VmFlags.NoHugePage))
            return false;
        return flags.Has(VmFlags.HugePage) || (Options.LargePagesUnasked && Controls.LargePages == LargePageDisabling.None);
    }

    /// <summary>True once a range was registered here with a userfaultfd that nobody serves. In a process that is followed somebody does, unseen.</summary>
    internal bool HasUnserved { get; set; }

    /// <summary>True when nobody brings in the missing pages of a mapping with these flags.</summary>
    internal bool IsUnserved(VmFlags flags) => HasUnserved && flags.Has(VmFlags.UserFault);

    /// <summary>The lock that guards all this.</summary>
    internal MappingLock Lock { get; } = new();

    /// <summary>What should be there.</summary>
    internal MappingTree Mappings { get; } = new();

    /// <summary>What is there.</summary>
    internal PageTableTree Tables { get; }

    /// <summary>The empty tables that only Linux would still have.</summary>
    internal LinuxTables LinuxTables { get; }

    internal SpaceProcessors Processors { get; } = new();

    internal PageAccounts Accounts { get; }

    internal AnonIdentitySource AnonIdentities { get; }

    /// <summary>The limits between which addresses are chosen.</summary>
    internal ref readonly AddressLayout Layout => ref _layout;

    /// <summary>Ends the addresses of the program at <paramref name="limit"/>: from then on it is of 32 bits.</summary>
    internal void LimitTo(VirtualAddress limit) => _layout = _layout.LimitedTo(limit);

    /// <summary>Adds a mapping, merged with its neighbours where the rules allow, and counts its pages.</summary>
    /// <returns>The mapping that now covers the range.</returns>
    internal MappingHandle InsertMapping(in Mapping mapping, bool mayMergeWithNext = true)
    {
        Accounts.Add(mapping.Flags, mapping.Range.Length.WholePages);
        mapping.File?.Object.AddMapper(_mapper);
        return Mappings.InsertMerging(mapping, mayMergeWithNext);
    }

    /// <summary>Gives a mapping that is about to get its first private page an identity: a neighbour's where that is allowed, else a fresh one.</summary>
    internal void EnsureAnon(MappingHandle handle)
    {
        if (!Mappings.AnonOf(handle).IsNone)
            return;
        AnonIdentity anon = Mappings.FindReusableAnon(handle);
        Mappings.TrySetAnon(handle, anon.IsNone ? new AnonIdentity(AnonIdentities.Next(), inherited: false) : anon);
    }

    /// <summary>The alignment for large pages of a mapping whose place is left open. A file on a disk file system, and /dev/zero unless it is shared, is aligned by its offset;
    /// shared memory is not aligned.</summary>
    internal LargePageAlignment AlignmentFor(OpenFile? file, bool isShared)
    {
        if (file is null)
            return !isShared && Options.Kernel.AlignsAnonymous ? LargePageAlignment.Anonymous : LargePageAlignment.None;
        return file.Object.Kind == MemoryObjectKind.File || (file.Object.Kind == MemoryObjectKind.ZeroDevice && !isShared && Options.Kernel.AlignsZeroDevice)
            ? LargePageAlignment.File
            : LargePageAlignment.None;
    }

    /// <summary>EPERM for a page that only a privileged process may map (vm.mmap_min_addr).</summary>
    internal Errno CheckLowAddress(VirtualAddress address) =>
        address < Options.LowestUnprivilegedAddress && !Controls.Has(Capabilities.MapLowPages) ? Errno.OperationNotPermitted : Errno.None;

    private static AddressLayout MakeLayout(AddressSpaceOptions options)
    {
        PagingGeometry geometry = options.Geometry;
        AddressLayout layout = geometry.Levels == PagingGeometry.MaximumLevels ? AddressLayout.FiveLevels : AddressLayout.FourLevels;
        if (geometry.IsToy)
            layout = new AddressLayout(VirtualAddress.Zero, geometry.UserLimit, VirtualAddress.Zero, geometry.UserLimit, geometry.UserLimit, geometry.Span(PageTableLevel.Pmd));
        else if (geometry.UserLimit != layout.Limit)
            layout = layout.LimitedTo(geometry.UserLimit) with { LargePageSpan = geometry.Span(PageTableLevel.Pmd) };
        layout = layout with { Minimum = options.MinimumAddress ?? layout.Minimum, MmapBase = options.MmapBase ?? layout.MmapBase };
        if (!layout.Minimum.IsPageAligned || !layout.MmapBase.IsPageAligned || layout.MmapBase > geometry.UserLimit)
            throw new ArgumentException($"Found {layout.Minimum} and {layout.MmapBase} for the search, expected multiples of 4 KiB, the second at most {geometry.UserLimit}.", nameof(options));
        if (options.BreakStart > PagingGeometry.X86FiveLevel.UserLimit)
            throw new ArgumentException($"Found a heap at {options.BreakStart}, expected one in user space.", nameof(options));
        return layout;
    }
}
