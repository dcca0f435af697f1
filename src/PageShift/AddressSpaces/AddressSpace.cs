using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

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
    private readonly SpaceState _state;
    private readonly MappingLock _lock;

    // Guarded by the mapping lock; an identity may be set under the fault lock.
    private readonly MappingTree _mappings;

    // Guarded by the mapping lock; empty slots are filled under the fault lock.
    private readonly PageTableTree _tables;

    // The rest is guarded by the mapping lock, exclusively.
    private readonly SpaceProcessors _processors;
    private readonly PageAccounts _accounts;
    private readonly LinuxTables _linuxTables;
    private readonly AnonIdentitySource _anonIdentities;
    private readonly Unmapper _unmapper;
    private readonly LeafPages _pages;
    private readonly FaultHandler _faults;
    private readonly Populator _populator;
    private readonly TableMoves _moves;
    private readonly Remapper _remapper;

    /// <summary>Makes an empty address space on physical memory of its own, which is disposed with it and its descendants by fork.</summary>
    /// <exception cref="ArgumentException">An address among <paramref name="options"/> is no multiple of 4 KiB where it has to be, or not in user space.</exception>
    public AddressSpace(AddressSpaceOptions? options)
        : this(new PhysicalMemory(), options ?? new AddressSpaceOptions(), new AnonIdentitySource())
    {
        Memory.Disown();
    }

    /// <summary>Makes an empty address space on <paramref name="memory"/>, which may serve several.</summary>
    /// <exception cref="ArgumentException">An address among <paramref name="options"/> is no multiple of 4 KiB where it has to be, or not in user space.</exception>
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
        BreakStart = options.BreakStart;
        Descriptors = new DescriptorTable(memory);
        Segments = options.Segments ?? new SegmentTable(memory);
        _anonIdentities = anonIdentities;
        using PhysicalMemory.Use use = memory.EnterUse(); // until the space is a user, which comes last: from then on the memory may tell it to leave
        _state = new SpaceState(memory, options, anonIdentities, this);
        _lock = _state.Lock;
        _mappings = _state.Mappings;
        _tables = _state.Tables;
        _processors = _state.Processors;
        _accounts = _state.Accounts;
        _linuxTables = _state.LinuxTables;
        _unmapper = new Unmapper(_state);
        _pages = new LeafPages(_state);
        _faults = new FaultHandler(_state, _pages);
        _populator = new Populator(_state, _pages, _faults);
        _moves = new TableMoves(_state);
        _remapper = new Remapper(_state, _unmapper, _populator, _moves);
        memory.AddUser(this);
        Segments.AddUser();
    }

    /// <summary>The physical memory behind it.</summary>
    public PhysicalMemory Memory { get; }

    /// <summary>What it was made with.</summary>
    public AddressSpaceOptions Options { get; }

    /// <summary>The System V shared memory that its calls name.</summary>
    internal SegmentTable Segments { get; }

    /// <summary>The shape of its page tables.</summary>
    public PagingGeometry Geometry => Options.Geometry;

    /// <summary>The end of the addresses that the program may map (Linux's TASK_SIZE): the geometry's, or lower for a program of 32 bits.</summary>
    internal VirtualAddress UserLimit => _state.Layout.Limit;

    /// <summary>The resource limits, which may be changed at any time, as setrlimit does.</summary>
    public ResourceLimits Limits
    {
        get => _accounts.Limits;
        set => _accounts.Limits = value;
    }

    /// <summary>How moves are made; may be changed at any time.</summary>
    public MovePolicy Policy
    {
        get => _moves.Policy;
        set => _moves.Policy = value;
    }

    /// <summary>Sees every move of page-table entries just before it is made; null for none. Set it while no call runs.</summary>
    public IMoveObserver? MoveObserver
    {
        get => _moves.Observer;
        set => _moves.Observer = value;
    }

    /// <summary>For tests: what the last move did, as counted while it was done. Read it while no call runs, or in an observer.</summary>
    internal MoveCost LastMoveWork => _moves.LastWork;

    /// <summary>The frame of the root table: what a processor's CR3 would hold.</summary>
    internal FrameNumber Root => _tables.Root;

    /// <summary>The number of mappings.</summary>
    public int MappingCount => _mappings.Count;

    /// <summary>How often the TLBs were flushed.</summary>
    public ulong TlbFlushes => _processors.Flushes;

    /// <summary>The pages of all mappings: VmSize in /proc/PID/status. Read it while no call runs.</summary>
    public PageCount TotalPages => _accounts.Total;

    /// <summary>The pages of private writable mappings, stacks aside: VmData in /proc/PID/status. Read it while no call runs.</summary>
    public PageCount DataPages => _accounts.Data;

    /// <summary>The pages of locked mappings, present or not: VmLck in /proc/PID/status. Read it while no call runs.</summary>
    public PageCount LockedPages => _accounts.Locked;

    /// <summary>Ends the addresses of the program at <paramref name="limit"/>, a multiple of 4 KiB: it has turned out to be of 32 bits.</summary>
    /// <returns>False, without a change, when something is mapped beyond it.</returns>
    internal bool TryLimitTo(VirtualAddress limit)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        if (limit > Geometry.UserLimit || _mappings.FindFirstEndingAbove(limit).Exists)
            return false;
        _state.LimitTo(limit);
        return true;
    }

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
        LetGoAsElsewhere();
        _tables.Dispose();
        Segments.RemoveUser();
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
        if (_state.IsEnded)
            return false;
        _state.IsEnded = true;
        _processors.Clear();
        return true;
    }

    /// <summary>Enters the mapping lock exclusively, for a call.</summary>
    /// <exception cref="ObjectDisposedException">The space has been disposed: its tables are gone, and perhaps its memory.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private MappingLock.ExclusiveScope EnterCall()
    {
        MappingLock.ExclusiveScope scope = _lock.EnterExclusive();
        if (_state.IsEnded)
            LeaveDisposed(scope);
        return scope;
    }

    [DoesNotReturn]
    private static void LeaveDisposed(in MappingLock.ExclusiveScope scope)
    {
        scope.Dispose();
        throw new ObjectDisposedException(nameof(AddressSpace));
    }
}
