using System.Buffers;
using System.Text.Json;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Cli.Output.Html;

/// <summary>What calls change in the mappings of address spaces, as the page applies it (docs/page.md): a space is made <c>[space]</c>, is made as a copy
/// <c>[space, parent]</c>, or has a range replaced <c>[space, from, to, start, length, kind, protection, ...]</c> by the mappings named, four values each.</summary>
internal sealed class MappingChanges : IDisposable
{
    private readonly Dictionary<AddressSpace, int> _numbers = [];
    private readonly Dictionary<AddressSpace, ulong> _highestBreaks = [];
    private readonly List<Mapping> _found = [];
    private readonly List<Mapping> _copied = [];
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;
    private bool _isOpen;

    internal MappingChanges() => _json = new Utf8JsonWriter(_buffer);

    /// <summary>Spaces made so far.</summary>
    internal int Spaces { get; private set; }

    /// <summary>How many bits shorter the addresses of the spaces are than those that are written.</summary>
    internal int Scale { get; set; }

    public void Dispose() => _json.Dispose();

    internal void Made(AddressSpace space)
    {
        _numbers[space] = Spaces;
        BeginChange();
        _json.WriteNumberValue(Spaces++);
        _json.WriteEndArray();
    }

    internal void Forked(AddressSpace parent, AddressSpace child)
    {
        _numbers[child] = Spaces;
        _highestBreaks[child] = _highestBreaks.GetValueOrDefault(parent);
        BeginChange();
        _json.WriteNumberValue(Spaces++);
        _json.WriteNumberValue(_numbers[parent]);
        _json.WriteEndArray();
        if (!IsCopy(parent, child))
            Replace(child, Everything(child)); // MADV_DONTFORK left some out
    }

    internal void Ended(AddressSpace space)
    {
        _numbers.Remove(space);
        _highestBreaks.Remove(space);
    }

    /// <summary>The engine has made a call in <paramref name="space"/>, with these arguments.</summary>
    internal void Called(AddressSpace space, in SystemCall call, CallResult result)
    {
        CallArguments a = call.Arguments;
        if (call.Number == PseudoCall.RelocateDown)
        {
            if (!result.IsError)
                Replace(space, a.First - a.Third, a.Second + a.Third);
            return;
        }

        if (call.Description is not { } description || description.LeavesMappings(a))
            return;
        if (call.Number == SystemCallNumber.Break)
            ReplaceHeap(space, (ulong)result.Raw);
        else
            ReplaceAround(space, description.RangesBefore(a, space.BreakStart), description.RangesAfter(a, result));
    }

    /// <summary>Says anew what is mapped where a call may have changed it; some fail half-way.</summary>
    private void ReplaceAround(AddressSpace space, CallRanges before, CallRanges after)
    {
        if (before.IsAll)
        {
            Replace(space, Everything(space));
            return;
        }

        foreach (AddressRange range in before)
            Replace(space, range.Start.Value, range.Length.Value);
        foreach (AddressRange range in after)
        {
            if (!before.Contains(range))
                Replace(space, range.Start.Value, range.Length.Value);
        }
    }

    /// <summary>Says anew what the heap has been, as far as it ever reached.</summary>
    private void ReplaceHeap(AddressSpace space, ulong end)
    {
        ulong highest = Math.Max(end, _highestBreaks.GetValueOrDefault(space));
        _highestBreaks[space] = highest;
        if (highest > space.BreakStart.Value)
            Replace(space, space.BreakStart.Value, highest - space.BreakStart.Value);
    }

    /// <summary>Writes the changes since the last writing as an array, if there are any.</summary>
    internal void WriteTo(Utf8JsonWriter json)
    {
        if (!_isOpen)
            return;
        _json.WriteEndArray();
        _json.Flush();
        json.WriteRawValue(_buffer.WrittenSpan, skipInputValidation: true);
        _buffer.Clear();
        _json.Reset();
        _isOpen = false;
    }

    private static AddressRange Everything(AddressSpace space) => new(VirtualAddress.Zero, space.Geometry.UserLimit);

    private static (int Kind, string Protection) Look(in Mapping mapping)
    {
        VmFlags flags = mapping.Flags;
        bool isShared = flags.HasFlag(VmFlags.MayShare);
        string protection = string.Concat(
            flags.HasFlag(VmFlags.Read) ? "r" : "-",
            flags.HasFlag(VmFlags.Write) ? "w" : "-",
            flags.HasFlag(VmFlags.Execute) ? "x" : "-",
            isShared ? "s" : "p");
        MappingKind kind = (flags & VmFlags.AccessMask) switch
        {
            _ when flags.HasFlag(VmFlags.GrowsDown) => MappingKind.Stack,
            VmFlags.None => MappingKind.Reserved,
            _ when flags.HasFlag(VmFlags.Execute) => MappingKind.Code,
            _ when isShared => MappingKind.Shared,
            _ => mapping.IsAnonymous ? MappingKind.Anonymous : MappingKind.File,
        };
        return ((int)kind, protection);
    }

    /// <summary>Says anew what is mapped from <paramref name="start"/>, and beside it, because neighbours may have merged.</summary>
    private void Replace(AddressSpace space, ulong start, ulong length)
    {
        const ulong Page = PageSize.Bytes;
        ulong limit = space.Geometry.UserLimit.Value;
        if (start >= limit)
            return;
        ulong end = length > limit - start ? limit : start + length;
        start = (start & ~(Page - 1)) >= Page ? (start & ~(Page - 1)) - Page : 0;
        end = limit - end >= 2 * Page ? ((end + Page - 1) & ~(Page - 1)) + Page : limit;
        Replace(space, new AddressRange(new VirtualAddress(start), new VirtualAddress(end)));
    }

    private void Replace(AddressSpace space, AddressRange range)
    {
        _found.Clear();
        space.CopyMappings(range, _found);
        ulong from = range.Start.Value;
        ulong to = range.End.Value;
        if (_found.Count != 0)
        {
            from = Math.Min(from, _found[0].Start.Value);
            to = Math.Max(to, _found[^1].End.Value);
        }

        BeginChange();
        _json.WriteNumberValue(_numbers[space]);
        _json.WriteNumberValue(from << Scale);
        _json.WriteNumberValue(to << Scale);
        foreach (Mapping mapping in _found)
        {
            (int kind, string protection) = Look(mapping);
            _json.WriteNumberValue(mapping.Start.Value << Scale);
            _json.WriteNumberValue(mapping.Range.Length.Value << Scale);
            _json.WriteNumberValue(kind);
            _json.WriteStringValue(protection);
        }

        _json.WriteEndArray();
    }

    private bool IsCopy(AddressSpace parent, AddressSpace child)
    {
        _found.Clear();
        _copied.Clear();
        parent.CopyMappings(Everything(parent), _found);
        child.CopyMappings(Everything(child), _copied);
        return _found.Count == _copied.Count;
    }

    private void BeginChange()
    {
        if (!_isOpen)
            _json.WriteStartArray();
        _isOpen = true;
        _json.WriteStartArray();
    }
}

/// <summary>What a mapping is, as the page colours it. The numbers are the page's.</summary>
internal enum MappingKind
{
    /// <summary>Private memory that shows no file.</summary>
    Anonymous,

    /// <summary>A private view of a file.</summary>
    File,

    /// <summary>Shared memory or a shared view of a file.</summary>
    Shared,

    /// <summary>Executable.</summary>
    Code,

    /// <summary>Reserved: no access.</summary>
    Reserved,

    /// <summary>Grows down.</summary>
    Stack,
}
