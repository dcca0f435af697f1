using PageShift.Abi;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Tests.AllocationFailure;

/// <summary>An operation that allocates, and what it is to leave behind when memory runs out in its course.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Run">Does it; returns "done" or the name of an error or a fault.</param>
/// <param name="Failure">What it returns when memory runs out. "done" where Linux does not tell: populating for mmap, mlockall, brk and mremap is a favour.</param>
/// <param name="Extent">What a failure may have changed.</param>
internal sealed record FailingOperation(string Name, Func<ShortSpace, string> Run, string Failure, ChangedExtent Extent = ChangedExtent.Nothing)
{
    private const ulong Page = ShortSpace.Page;
    private const ulong Mega = ShortSpace.Mega;
    private const string NoMemory = "ENOMEM";
    private const string TryAgain = "EAGAIN";
    private const string Done = "done";
    private const string Fault = nameof(AccessFault.OutOfMemory);

    /// <summary>The pages that it may take away, once it gets so far.</summary>
    internal (ulong Start, ulong Length) Takes { get; init; }

    /// <summary>The pages that it moves, and by how much.</summary>
    internal (ulong Start, ulong Length, ulong Delta) Moves { get; init; }

    /// <summary>What is done before, with enough memory.</summary>
    internal Action<ShortSpace> Before { get; init; } = _ => { };

    /// <summary>All of them.</summary>
    internal static IEnumerable<FailingOperation> All => [.. Mapping, .. Moving, .. Faulting, .. Advising, .. Locking];

    private static IEnumerable<FailingOperation> Mapping =>
    [
        new("mmap with MAP_POPULATE", space => Text(space.Map(Shift(9), 2 * Mega, MapFlags.Private | MapFlags.Populate)), Done, ChangedExtent.Part),
        new("mmap with MAP_POPULATE, to be read", space => Text(space.Map(Shift(9), 4 * Mega, MapFlags.Private | MapFlags.Populate, Protection.Read)), Done, ChangedExtent.Part),
        new("mmap with MAP_POPULATE, shared", space => Text(space.Map(Shift(9), 20 * Page, MapFlags.Shared | MapFlags.Populate)), Done, ChangedExtent.Part),
        new("mmap over a part of large pages", space => Text(space.Map(ShortSpace.Large + Page, 3 * Mega, MapFlags.Private)), NoMemory) { Takes = (ShortSpace.Large + Page, 3 * Mega) },
        new("munmap of a part of large pages", space => Text(space.Space.Unmap(At(ShortSpace.Large + Page), Length(3 * Mega))), NoMemory) { Takes = (ShortSpace.Large + Page, 3 * Mega) },
        new("mprotect of a part of large pages", space => Text(space.Space.Protect(At(ShortSpace.Large + Page), Length(3 * Mega), Protection.Read)), NoMemory),
        new("mprotect of several mappings", space => Text(space.Space.Protect(At(ShortSpace.Large - Page), Length(2 * Mega), Protection.Read)), NoMemory, ChangedExtent.Part)
        {
            Before = space => space.Map(ShortSpace.Large - Page, Page, MapFlags.Private),
        },
        new("mseal of a part of large pages", space => Text(space.Space.Seal(At(ShortSpace.Large + Page), Length(3 * Mega))), NoMemory),
    ];

    private static IEnumerable<FailingOperation> Moving =>
    [
        Move("mremap", ShortSpace.Small, ShortSpace.SmallLength, Shift(20), RemapFlags.MayMove | RemapFlags.Fixed),
        Move("mremap to a place that is congruent", ShortSpace.Small, ShortSpace.SmallLength, Shift(20) + Mega, RemapFlags.MayMove | RemapFlags.Fixed),
        Move("mremap by a page", ShortSpace.Small, ShortSpace.SmallLength, Shift(20) + Page, RemapFlags.MayMove | RemapFlags.Fixed),
        Move("mremap into an empty 512 GiB", ShortSpace.Small, ShortSpace.SmallLength, (1UL << 40) + Page, RemapFlags.MayMove | RemapFlags.Fixed),
        Move("mremap with DONTUNMAP", ShortSpace.Small, ShortSpace.SmallLength, Shift(20) + Page, RemapFlags.MayMove | RemapFlags.Fixed | RemapFlags.DontUnmap),
        Move("mremap of a part of large pages", ShortSpace.Large + Mega, 4 * Mega, Shift(20), RemapFlags.MayMove | RemapFlags.Fixed),
        Move("mremap of large pages by a page", ShortSpace.Large, ShortSpace.LargeLength, Shift(20) + Page, RemapFlags.MayMove | RemapFlags.Fixed),
        Move("mremap of shared memory", ShortSpace.Shared, ShortSpace.SharedLength, Shift(20), RemapFlags.MayMove | RemapFlags.Fixed),
        Move("mremap onto something", ShortSpace.Small, ShortSpace.SmallLength, ShortSpace.Destination + Page, RemapFlags.MayMove | RemapFlags.Fixed) with
        {
            // With FIXED what is at the destination goes first, whatever happens afterwards.
            Extent = ChangedExtent.Part,
            Takes = (ShortSpace.Destination + Page, ShortSpace.SmallLength),
        },
        Move("mremap of several mappings", ShortSpace.Small, ShortSpace.Next + ShortSpace.NextLength - ShortSpace.Small, Shift(20) + Page, RemapFlags.MayMove | RemapFlags.Fixed) with { Extent = ChangedExtent.Part },
        new("mremap that grows by moving", space => Text(space.Space.Remap(At(ShortSpace.Small), Length(ShortSpace.SmallLength), Length(16 * Mega), RemapFlags.MayMove)), NoMemory)
        {
            Moves = (ShortSpace.Small, ShortSpace.SmallLength, AnyDelta),
        },
        new("mremap that grows locked memory", space => Text(space.Space.Remap(At(ShortSpace.Next), Length(ShortSpace.NextLength), Length(16 * Page), RemapFlags.None)), Done, ChangedExtent.Part)
        {
            Before = space => ShortSpace.Done(space.Space.Lock(At(ShortSpace.Next), Length(ShortSpace.NextLength))),
        },
        new("mremap that shrinks large pages", space => Text(space.Space.Remap(At(ShortSpace.Large), Length(ShortSpace.LargeLength), Length(3 * Mega), RemapFlags.None)), NoMemory)
        {
            Takes = (ShortSpace.Large + (3 * Mega), 3 * Mega),
        },
        new("relocate_vma_down", space => Text(space.Space.RelocateDown(At(ShortSpace.Large), Length(ShortSpace.LargeLength), Length(Mega + Page))), NoMemory)
        {
            Moves = (ShortSpace.Large, ShortSpace.LargeLength, unchecked(0 - (Mega + Page))),
        },
        new("fork", space => space.Fork(), NoMemory),
    ];

    private static IEnumerable<FailingOperation> Faulting =>
    [
        new("a write to a page that was not touched", space => Write(space, Shift(9) + Page), Fault) { Before = space => space.Map(Shift(9), Mega, MapFlags.Private) },
        new("a read of a page that was not touched", space => Read(space, Shift(9) + Page), Fault) { Before = space => space.Map(Shift(9), Mega, MapFlags.Private) },
        new("a write to a page of zeroes", space => Write(space, Shift(9) + Page), Fault)
        {
            Before = space =>
            {
                space.Map(Shift(9), Mega, MapFlags.Private);
                Read(space, Shift(9) + Page);
            },
        },
        new("a write to shared memory", space => Write(space, ShortSpace.Shared + Page), Fault),
        new("a write after fork", space => Write(space, ShortSpace.Small), Fault) { Before = space => space.Fork(), Takes = (ShortSpace.Small, Page) },
        new("a write to a large page after fork", space => Write(space, ShortSpace.Large), Fault) { Before = space => space.Fork(), Takes = (ShortSpace.Large, Page) },
        new("a write that grows a stack", space => Write(space, ShortSpace.StackEnd - (600 * Page)), Fault, ChangedExtent.Part),
        new("a write where a large page fits", space => Write(space, Shift(9)), Fault)
        {
            Before = space =>
            {
                space.Map(Shift(9), 4 * Mega, MapFlags.Private);
                ShortSpace.Done(space.Space.Advise(At(Shift(9)), Length(4 * Mega), Advice.HugePage));
            },
        },
        new("brk under mlockall", space => Text(space.Space.Break(new VirtualAddress(space.Space.BreakStart.Value + (20 * Page)))), Done, ChangedExtent.Part)
        {
            Before = space => ShortSpace.Done(space.Space.LockAll(LockAllFlags.Future)),
        },
    ];

    private static IEnumerable<FailingOperation> Advising =>
    [
        Advise("MADV_POPULATE_WRITE", ShortSpace.Small, ShortSpace.SmallLength, Advice.PopulateWrite) with { Extent = ChangedExtent.Part },
        Advise("MADV_POPULATE_READ", Shift(9), 4 * Mega, Advice.PopulateRead) with { Extent = ChangedExtent.Part, Before = space => space.Map(Shift(9), 4 * Mega, MapFlags.Private) },
        Advise("MADV_POPULATE_WRITE of shared memory", ShortSpace.Shared, ShortSpace.SharedLength, Advice.PopulateWrite) with { Extent = ChangedExtent.Part },
        Advise("MADV_DONTNEED of a part of large pages", ShortSpace.Large + Page, 3 * Mega, Advice.DontNeed) with { Takes = (ShortSpace.Large + Page, 3 * Mega) },
        Advise("MADV_GUARD_INSTALL", Shift(9), 4 * Mega, Advice.GuardInstall) with { Extent = ChangedExtent.Part, Before = space => space.Map(Shift(9), 4 * Mega, MapFlags.Private) },
        Advise("MADV_GUARD_INSTALL in large pages", ShortSpace.Large + Page, 3 * Mega, Advice.GuardInstall) with { Extent = ChangedExtent.Part, Takes = (ShortSpace.Large + Page, 3 * Mega) },
        Advise("MADV_COLLAPSE", ShortSpace.Small, ShortSpace.SmallLength, Advice.Collapse) with
        {
            Before = space =>
            {
                space.Map(ShortSpace.Small + ShortSpace.SmallLength, 16 * Page, MapFlags.Private);
                space.Map(ShortSpace.Small - Mega, Mega, MapFlags.Private);
            },
            Run = space => Text(space.Space.Advise(At(ShortSpace.Small - Mega), Length(2 * Mega), Advice.Collapse)),
        },
        Advise("MADV_DONTFORK of a part of large pages", ShortSpace.Large + Page, 3 * Mega, Advice.DontFork) with { Failure = TryAgain },
        Advise("MADV_COLD of a part of large pages", ShortSpace.Large + Page, 3 * Mega, Advice.Cold) with { Failure = Done },
        Advise("MADV_PAGEOUT of a part of large pages", ShortSpace.Large + Page, 3 * Mega, Advice.PageOut) with { Failure = Done },
        Advise("MADV_FREE of a part of large pages", ShortSpace.Large + Page, Page, Advice.Free) with { Failure = Done, Takes = (ShortSpace.Large + Page, Page) },
    ];

    private static IEnumerable<FailingOperation> Locking =>
    [
        new("mlock", space => Text(space.Space.Lock(At(ShortSpace.Next), Length(ShortSpace.NextLength))), TryAgain, ChangedExtent.Part),
        new("mlock of a part of large pages", space => Text(space.Space.Lock(At(ShortSpace.Large + Page), Length(3 * Mega))), NoMemory),
        new("munlock of a part of large pages", space => Text(space.Space.Unlock(At(ShortSpace.Large + Page), Length(3 * Mega))), NoMemory)
        {
            Before = space => ShortSpace.Done(space.Space.Lock(At(ShortSpace.Large), Length(ShortSpace.LargeLength))),
        },
        new("mlockall", space => Text(space.Space.LockAll(LockAllFlags.Current)), Done, ChangedExtent.Part),
    ];

    /// <summary>Stands for the place that the call itself chose.</summary>
    internal const ulong AnyDelta = ulong.MaxValue;

    public override string ToString() => Name;

    private static FailingOperation Move(string name, ulong start, ulong length, ulong to, RemapFlags flags) =>
        new(name, space => Text(space.Space.Remap(At(start), Length(length), Length(length), flags, At(to))), NoMemory) { Moves = (start, length, unchecked(to - start)) };

    private static FailingOperation Advise(string name, ulong start, ulong length, Advice advice) =>
        new(name, space => Text(space.Space.Advise(At(start), Length(length), advice)), NoMemory);

    private static string Write(ShortSpace space, ulong address)
    {
        AccessFault fault = space.Space.TryWrite(At(address), [1], out _);
        return fault == AccessFault.None ? Done : fault.ToString();
    }

    private static string Read(ShortSpace space, ulong address)
    {
        AccessFault fault = space.Space.TryRead(At(address), new byte[1], out _);
        return fault == AccessFault.None ? Done : fault.ToString();
    }

    private static string Text(CallResult result) => result.IsError ? ErrnoName.Of(result.Error) : Done;

    private static VirtualAddress At(ulong address) => new(address);

    private static ByteLength Length(ulong bytes) => new(bytes);

    /// <summary>A place where nothing is: so many GiB up, at a boundary.</summary>
    private static ulong Shift(ulong gibibytes) => gibibytes << 30;
}

/// <summary>What a failure may have changed.</summary>
internal enum ChangedExtent
{
    /// <summary>Nothing that a program can see: all or nothing.</summary>
    Nothing,

    /// <summary>A part of what was asked for is done, and stays so.</summary>
    Part,
}
