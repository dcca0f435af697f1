using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Processes;
using PageShift.Mappings;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Following;

/// <content>What the engine is told of the kernel's mappings: all of them when a program begins; what differs, after a call that the engine can't repeat; and what
/// faults have done, of which no call tells.</content>
internal sealed partial class FollowedSpace
{
    // To find that a mapping has no page takes the longer the larger it is. In a larger one than this it takes longer than to ask whether the process has faulted.
    private static readonly ByteLength LongToLookAt = new(4UL << 30);

    private readonly List<Mapping> _replaced = [];
    private readonly List<KernelMapping> _missing = [];

    private AddressRange _emptyRange;
    private (ulong, ulong)? _faultsWhenEmpty;

    /// <summary>Makes the engine's space anew, with the kernel's mappings. False when the process has ended.</summary>
    private bool TrySeed()
    {
        _kernel.Clear();
        if (!_reader.ReadMappingsWithFlags(Everything, _kernel))
            return false;
        EngineTarget before = _target;
        _target = new EngineTarget(new AddressSpace(_context.Memory, new AddressSpaceOptions
        {
            Kernel = _context.Kernel,
            MinimumAddress = VirtualAddress.Zero,
            MmapBase = HighestBelowStack(),
            TransparentHugePages = false,
            MaximumMapCount = _context.MaximumMapCount,
            Segments = _context.Segments,
        }));
        Engine.Descriptors.CopyFrom(before.Space.Descriptors);
        before.Dispose();
        SeedBreak();
        _context.Log?.WriteSeed(ProcessId, Engine.BreakStart, Engine.Break(VirtualAddress.Zero).Address);
        foreach (KernelMapping mapping in _kernel)
            Adopt(mapping, null);
        _context.Log?.WriteNoPages(ProcessId);
        LearnPrivatePages(Everything, alsoReadOnly: true);
        return true;
    }

    /// <summary>After a call that the engine can't repeat: takes over from the kernel what differs. What is as it was keeps all that is known of it.</summary>
    private void Resync()
    {
        _kernel.Clear();
        if (!_reader.ReadMappingsWithFlags(Everything, _kernel))
            return;
        _context.Statistics.WholeReads++;
        FindDifferent(Everything);
        ReplaceDifferent();
        foreach (KernelMapping mapping in _missing)
            LearnPrivatePages(mapping.Range, alsoReadOnly: true);
    }

    /// <summary>Takes over where mappings begin and end in and beside a range, when nothing else differs there. All of the process would take longer to read, the longer the more pages it has.</summary>
    /// <returns>False when something else differs, or when files are mapped there.</returns>
    private bool TryResyncBoundaries(AddressRange range)
    {
        LearnPrivatePages(range, alsoReadOnly: true);
        _kernel.Clear();
        if (!_reader.ReadMappings(Widened(range), _kernel))
            return false;
        FindDifferent(Widened(range));
        ulong left = 0;
        foreach (Mapping before in _replaced)
            left += before.Range.Length.Value;
        for (int i = 0; i < _missing.Count; i++)
        {
            if (FlagsUnder(_missing[i]) is not { } flags)
                return false;
            _missing[i] = _missing[i] with { Flags = flags };
            left -= _missing[i].Range.Length.Value;
        }

        if (left != 0)
            return false;
        ReplaceDifferent();
        return true;
    }

    /// <summary>The flags that the engine has all over the place of a kernel's mapping; null where it has something else there, or flags that differ.</summary>
    private VmFlags? FlagsUnder(in KernelMapping kernel)
    {
        VmFlags? flags = null;
        ulong left = kernel.Range.Length.Value;
        foreach (Mapping before in _replaced)
        {
            AddressRange common = before.Range.Intersect(kernel.Range);
            if (common.IsEmpty)
                continue;
            if (before.File is not null || before.Flags != (flags ?? before.Flags) || !_comparison.ShowSame(ObservedMapping.Of(before), ObservedMapping.Of(kernel)))
                return null;
            flags = before.Flags;
            left -= common.Length.Value;
        }

        return left == 0 ? flags : null;
    }

    /// <summary>Finds the mappings that only one of the two has, in and beside a range of which the kernel's were read.</summary>
    private void FindDifferent(AddressRange range)
    {
        _engine.Clear();
        _replaced.Clear();
        _missing.Clear();
        Engine.CopyMappings(range, _engine);
        int next = 0;
        foreach (KernelMapping mapping in _kernel)
        {
            while (next < _engine.Count && _engine[next].Start < mapping.Range.Start)
                _replaced.Add(_engine[next++]);
            if (next < _engine.Count && AreSame(_engine[next], mapping))
                next++;
            else
                _missing.Add(mapping);
        }

        while (next < _engine.Count)
            _replaced.Add(_engine[next++]);
    }

    private void ReplaceDifferent()
    {
        foreach (Mapping mapping in _replaced)
        {
            Engine.AdoptHole(mapping.Range);
            _context.Log?.WriteHole(ProcessId, mapping.Range);
        }

        foreach (KernelMapping mapping in _missing)
            Adopt(mapping, FindReplacedBy(mapping));
    }

    private bool AreSame(in Mapping engine, in KernelMapping kernel) =>
        engine.Range == kernel.Range
        && _comparison.ShowSame(ObservedMapping.Of(engine), ObservedMapping.Of(kernel))
        && (kernel.Flags is null || HasSameFlags(engine, kernel));

    /// <summary>What the engine had where the kernel has a mapping of the same memory; null when it had nothing of it.</summary>
    private Mapping? FindReplacedBy(in KernelMapping kernel)
    {
        Mapping? found = null;
        foreach (Mapping before in _replaced)
        {
            if (!before.Range.Overlaps(kernel.Range) || !_context.Files.Pairs.AreSame(before.File?.Object, KernelFile.Of(kernel)))
                continue;
            if (found is not { Anon.IsNone: false })
                found = before;
        }

        return found;
    }

    private static ulong PageOf(AddressRange range) => range.Start.Value >> PageSize.Shift;

    /// <summary>Puts a mapping of the kernel's into the engine's space, where nothing is.</summary>
    /// <param name="mapping">The kernel's, with all flags.</param>
    /// <param name="before">What the engine had there of the same memory.</param>
    private void Adopt(in KernelMapping mapping, Mapping? before)
    {
        VmFlags flags = mapping.Flags!.Value;
        var file = KernelFile.Of(mapping);
        OpenFile? opened = file.IsNone ? null : before?.File
            ?? new OpenFile(_context.Files.ObjectOf(file, mapping.Name)) { CanWrite = flags.HasFlag(VmFlags.MayWrite), CountsMappings = CallPaths.IsSegment(mapping.Name) };
        // The kernel tells of no anonymous memory which place its pages count from.
        PageCount offset = !file.IsNone ? new PageCount(mapping.FileOffset >> PageSize.Shift)
            : new PageCount(unchecked(PageOf(mapping.Range) + (before is { } known ? known.PageOffset.Value - PageOf(known.Range) : 0)));
        Engine.AdoptMapping(mapping.Range, flags, opened, offset, before?.Anon ?? default);
        _context.Log?.WriteMapping(ProcessId, mapping, offset);
        if (before is { Anon.IsNone: false })
            _context.Log?.WriteState(ProcessId, new SystemCall(PseudoCall.AnonVma, new CallArguments(mapping.Range.Start.Value)));
        bool isOfDriver = _context.Files.IsOfDriver(opened?.Object);
        if (before is not { } replaced || !IsNotModelled(replaced))
            _context.Statistics.AddUnmodelledRange(flags & NotModelled, isOfDriver);
        _hasUnmodelledRanges |= isOfDriver || (flags & NotModelled) != 0;
    }

    /// <summary>Where the heap ends, as far as the mappings show that were just read.</summary>
    private void SeedBreak()
    {
        ulong start = ProcessFields.ReadBreakStart(ProcessId);
        ulong end = HeapEnd(start);

        // A heap that has grown ends somewhere in its last page.
        _knowsBreak = end == start;
        Engine.AdoptBreak(new VirtualAddress(start), new VirtualAddress(end));
    }

    // A part of the heap that has got a name does not show that it is one.
    private ulong HeapEnd(ulong start)
    {
        ulong end = start;
        foreach (KernelMapping mapping in _kernel)
        {
            bool isNamedNext = mapping.Range.Start.Value == end && mapping.Name?.StartsWith("[anon:", StringComparison.Ordinal) == true;
            if (mapping.Name == "[heap]" || isNamedNext)
                end = mapping.Range.End.Value;
        }

        return end;
    }

    // At exec the first mapping that the kernel places is put at mmap_base, which is not to be read anywhere.
    private VirtualAddress? HighestBelowStack()
    {
        VirtualAddress? highest = null;
        foreach (KernelMapping mapping in _kernel)
        {
            if (mapping.Name == "[stack]")
                return highest;
            highest = mapping.Range.End;
        }

        return null;
    }

    /// <summary>Tells the engine how far faults have extended mappings that grow down, where a call concerns what it does not have.</summary>
    private void LearnGrowth(AddressRange range)
    {
        for (VirtualAddress at = range.Start; at < range.End;)
        {
            if (Engine.FindHole(new AddressRange(at, Everything.End)) is not { } hole || hole.Start >= range.End || hole.End >= Everything.End)
                return;
            at = hole.End;
            _engine.Clear();
            Engine.CopyMappings(new AddressRange(at, PageSize.Length), _engine);
            Mapping above = _engine[0];
            if (!above.Flags.HasFlag(VmFlags.GrowsDown))
                continue;
            _kernel.Clear();
            if (_reader.ReadMappings(new AddressRange(above.Start, PageSize.Length), _kernel) && _kernel.Count == 1)
                AdoptGrowth(above.Range, _kernel[0].Range.Start);
        }
    }

    private bool AdoptGrowth(AddressRange engine, VirtualAddress start)
    {
        if (start >= engine.Start || !Engine.TryAdoptGrowth(engine.Start, start))
            return false;
        _engine.Clear();
        Engine.CopyMappings(new AddressRange(start, PageSize.Length), _engine);
        _context.Log?.WriteMapping(ProcessId, _engine[0]);
        return true;
    }

    /// <summary>Tells the engine which mappings in or beside a range have got private pages since: those decide what merges. The part <paramref name="except"/> is as a call has left it
    /// that is not done to the engine yet: a page there is none of what the engine has there. Of what was copied a moment ago, the <paramref name="reader"/> of the copy tells.</summary>
    private void LearnPrivatePages(AddressRange range, bool alsoReadOnly = false, AddressRange except = default, ProcessReader? reader = null)
    {
        _engine.Clear();
        Engine.CopyMappings(Widened(range), _engine);
        foreach (Mapping mapping in _engine)
        {
            if (!mapping.Anon.IsNone || mapping.Flags.HasFlag(VmFlags.MayShare) || mapping.Flags.HasFlag(VmFlags.DontExpand))
                continue;

            // One that is not writable was looked at before it became so.
            bool mayHave = alsoReadOnly || mapping.Flags.HasFlag(VmFlags.Write);
            if (!mayHave)
                continue;
            bool isFound = mapping.Range.Length > LongToLookAt && mapping.Range.Intersect(except).IsEmpty && reader is null
                ? TryFindNewPrivatePage(mapping.Range, out VirtualAddress page)
                : TryFindPrivatePage(reader ?? _reader, mapping.Range, except, out page);
            if (isFound)
                State(PseudoCall.AnonVma, page.Value);
        }
    }

    /// <summary>Looks for a private page, but not again where none was when it last looked and the process has had no page fault since: without a fault there is no new page.</summary>
    private bool TryFindNewPrivatePage(AddressRange range, out VirtualAddress page)
    {
        (ulong, ulong)? faults = Processes == 1 ? ProcessFields.ReadFaults(ProcessId) : null;
        AddressRange known = faults is not null && faults == _faultsWhenEmpty ? _emptyRange : default;
        bool isFound = TryFindPrivatePage(_reader, range, known, out page);
        (_emptyRange, _faultsWhenEmpty) = isFound ? default : (range, faults);
        return isFound;
    }

    private bool TryFindPrivatePage(ProcessReader reader, AddressRange range, AddressRange except, out VirtualAddress page)
    {
        AddressRange left = range.Intersect(except);
        if (!left.IsEmpty)
            return TryFindPrivatePage(reader, new AddressRange(range.Start, left.Start), default, out page) || TryFindPrivatePage(reader, new AddressRange(left.End, range.End), default, out page);
        _context.Statistics.LookedThrough += range.Length;
        return reader.TryFindFirstPage(range, isOnlyPrivate: true, out page);
    }
}
