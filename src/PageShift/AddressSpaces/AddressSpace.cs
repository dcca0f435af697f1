using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;

namespace PageShift;

/// <summary>
/// A virtual address space with Linux's behaviour: mappings, page tables in x86-64's format, the memory system calls, demand paging, and a mover that moves
/// page-table entries at the highest level that the layout allows.
/// </summary>
/// <remarks>
/// Thread-safe. System calls are exclusive; accesses through <see cref="VirtualProcessor"/>s, and the faults that only fill an empty slot, run in parallel.
/// <para>Lock order, outermost first: mapping lock (shared for accesses and faults, exclusive for calls), fault lock, a memory object's lock, physical memory's
/// lock. What each field is guarded by stands beside it.</para>
/// </remarks>
public sealed partial class AddressSpace : IDisposable, IMemoryUser
{
    private readonly MappingLock _lock = new();

    // Guarded by the mapping lock; an identity may be set under the fault lock (TrySetAnon).
    private readonly MappingTree _mappings = new();

    // Guarded by the mapping lock; empty slots are filled under the fault lock.
    private readonly PageTableTree _tables;

    // The rest is guarded by the mapping lock, exclusively.
    private readonly List<VirtualProcessor> _processors = [];
    private readonly LinuxTables _linuxTables;
    private readonly AnonIdentitySource _anonIdentities;
    private readonly AddressLayout _layout;
    private readonly MovePlanner _planner;
    private readonly PageTableMover _mover;
    private bool _disposed;

    /// <summary>Makes an empty address space on physical memory of its own, which is disposed with it and its descendants by fork.</summary>
    public AddressSpace(AddressSpaceOptions? options)
        : this(new PhysicalMemory(), options ?? new AddressSpaceOptions(), new AnonIdentitySource())
    {
        Memory.Disown();
    }

    /// <summary>Makes an empty address space on <paramref name="memory"/>, which may serve several.</summary>
    /// <exception cref="ObjectDisposedException"><paramref name="memory"/> has been disposed.</exception>
    public AddressSpace(PhysicalMemory memory, AddressSpaceOptions? options)
        : this(memory, options ?? new AddressSpaceOptions(), new AnonIdentitySource())
    {
    }

    /// <summary>Makes an empty address space with the default options, on physical memory of its own, which goes with the last space that uses it.</summary>
    public AddressSpace()
        : this(options: null)
    {
    }

    /// <summary>Makes an empty address space with the default options on <paramref name="memory"/>, which may serve several.</summary>
    /// <exception cref="ObjectDisposedException"><paramref name="memory"/> has been disposed.</exception>
    public AddressSpace(PhysicalMemory memory)
        : this(memory, new AddressSpaceOptions(), new AnonIdentitySource())
    {
    }

    private AddressSpace(PhysicalMemory memory, AddressSpaceOptions options, AnonIdentitySource anonIdentities)
    {
        ArgumentNullException.ThrowIfNull(memory);
        Memory = memory;
        Options = options;
        Limits = options.Limits;
        Policy = options.Policy;
        BreakStart = options.BreakStart;
        Descriptors = new DescriptorTable(memory);
        _anonIdentities = anonIdentities;
        _layout = MakeLayout(options);
        using PhysicalMemory.Use use = memory.EnterUse(); // until the space is a user, which comes last: from then on the memory may tell it to leave
        _tables = new PageTableTree(memory, options.Geometry);
        _linuxTables = new LinuxTables(_tables);
        _planner = new MovePlanner(_tables, _linuxTables);
        _mover = new PageTableMover(_tables);
        _observation = new MoveObservation(_planner);
        memory.AddUser(this);
    }

    /// <summary>The physical memory behind it.</summary>
    public PhysicalMemory Memory { get; }

    /// <summary>What it was made with.</summary>
    public AddressSpaceOptions Options { get; }

    /// <summary>The shape of its page tables.</summary>
    public PagingGeometry Geometry => Options.Geometry;

    /// <summary>The resource limits, which may be changed at any time, as setrlimit does.</summary>
    public ResourceLimits Limits { get; set; }

    /// <summary>How moves are made; may be changed at any time.</summary>
    public MovePolicy Policy { get; set; }

    /// <summary>The frame of the root table: what a processor's CR3 would hold.</summary>
    internal FrameNumber Root => _tables.Root;

    /// <summary>The number of mappings.</summary>
    public int MappingCount => _mappings.Count;

    /// <summary>How often the TLBs were flushed.</summary>
    public ulong TlbFlushes { get; private set; }

    /// <summary>Gives all frames and tables back, closes the descriptors, and disposes the space's processors.</summary>
    /// <exception cref="InvalidOperationException">This thread is inside an access scope, or a call, of this space.</exception>
    public void Dispose()
    {
        using MappingLock.ExclusiveScope scope = _lock.EnterExclusive();
        if (!TryEnd())
            return;
        while (_mappings.First is { Exists: true } first)
            _mappings.Remove(first);
        Descriptors.CloseRange(0, int.MaxValue);
        _tables.Dispose();
        Memory.RemoveUser(this);
    }

    void IMemoryUser.LeaveMemory()
    {
        using MappingLock.ExclusiveScope scope = _lock.EnterExclusive();
        if (TryEnd()) // its frames and tables go with all others: nobody will look at them
            Memory.RemoveUser(this);
    }

    /// <summary>Ends calls and accesses for good; false when they have ended already. The mapping lock is held exclusively.</summary>
    private bool TryEnd()
    {
        if (_disposed)
            return false;
        _disposed = true;
        foreach (VirtualProcessor processor in _processors)
            processor.Detach();
        _processors.Clear();
        return true;
    }

    /// <summary>Enters the mapping lock exclusively, for a call.</summary>
    /// <exception cref="ObjectDisposedException">The space has been disposed: its tables are gone, and perhaps its memory.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private MappingLock.ExclusiveScope EnterCall()
    {
        MappingLock.ExclusiveScope scope = _lock.EnterExclusive();
        if (_disposed)
            LeaveDisposed(scope);
        return scope;
    }

    [DoesNotReturn]
    private static void LeaveDisposed(in MappingLock.ExclusiveScope scope)
    {
        scope.Dispose();
        throw new ObjectDisposedException(nameof(AddressSpace));
    }

    /// <summary>Makes every processor's TLB forget <paramref name="range"/>: one flush.</summary>
    private void FlushTlb(AddressRange range)
    {
        TlbFlushes++;
        foreach (VirtualProcessor processor in _processors)
            processor.Invalidate(range);
    }

    private static AddressLayout MakeLayout(AddressSpaceOptions options)
    {
        PagingGeometry geometry = options.Geometry;
        AddressLayout layout = geometry.Levels == PagingGeometry.MaximumLevels ? AddressLayout.FiveLevels : AddressLayout.FourLevels;
        if (geometry.EntriesPerTable != PagingGeometry.X86.EntriesPerTable)
            layout = new AddressLayout(VirtualAddress.Zero, geometry.UserLimit, VirtualAddress.Zero, geometry.UserLimit, geometry.UserLimit, geometry.Span(PageTableLevel.Pmd));
        return layout with { Minimum = options.MinimumAddress ?? layout.Minimum, MmapBase = options.MmapBase ?? layout.MmapBase };
    }
}
