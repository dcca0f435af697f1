using System.Globalization;
using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Calls.Machines;

/// <summary>Collects from the first records of a log what they show of its machine, and chooses one.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class MachineEvidence
{
    /// <summary>How many records are looked at.</summary>
    internal const int MostRecords = 2000;

    // An address that fits a larger page by chance: one of 4 with pages of 16 KiB, one of 16 with 64 KiB. As many as these make it less than one in a million; fewer are enough
    // where the processor is one that has such pages.
    private const int EnoughForAnyProcessor = 10;
    private const int EnoughForSome = 3;

    private const ulong ForeignAddress = 1UL << 47;
    private const ulong End32 = 1UL << 32;
    private const ulong LowestExtended = unchecked((ulong)int.MinValue); // from here on addresses are extended from 32 bits
    private const ulong SmallestLarge = 2UL << 20; // from this length on addresses are chosen for large pages

    private (Architecture Architecture, string Sign, long Line)? _sign;
    private (ulong Address, long Line) _highest;
    private ulong _highestChosen;
    private long _line32;
    private long _chosenBelow4GiB;
    private ulong _bits; // of all addresses that a call succeeded with: what they have in common is their alignment
    private int _telling; // kernel-chosen addresses that larger pages would have to align, and smaller ones would not

    /// <summary>Looks at a record.</summary>
    internal void Add(in CallRecord record)
    {
        if ((record.Is32Bit || record.HasExtendedAddress) && _line32 == 0)
            _line32 = record.Line;
        if (_sign is null && ArchitectureSigns.Of(record) is { } sign)
            _sign = (sign.Architecture, sign.Sign, record.Line);
        if (record.Kind != CallRecordKind.Call || record.Outcome.State != CallOutcomeState.Value || record.Call.Description is not { IsModelled: true } description)
            return;
        CallArguments a = record.Call.Arguments;
        ulong result = record.HasExtendedAddress ? (uint)record.Outcome.Value : (ulong)record.Outcome.Value;
        if (record.Call.Number == SystemCallNumber.Map)
            AddMapping(a, result, record.Line);
        else if (record.Call.Number == SystemCallNumber.Remap)
            AddPlace(result, record.Line);
        else if (description.ReturnsAddress)
            Note(result, record.Line);
        if (record.Call.Number is SystemCallNumber.Unmap or SystemCallNumber.Protect or SystemCallNumber.Remap or SystemCallNumber.Advise) // the start has to be that of a page
            AddPlace(a.First >= LowestExtended ? (uint)a.First : a.First, record.Line);
    }

    /// <summary>Chooses the machine.</summary>
    /// <param name="request">What the options say.</param>
    /// <param name="statedPageSize">The page size that a line of the log says (AT_PAGESZ), in bytes; 0 for none.</param>
    /// <exception cref="UnsupportedMachineException">What was asked for, or found, is not supported.</exception>
    internal Machine Choose(MachineRequest request, ulong statedPageSize)
    {
        (Architecture architecture, string? why) = request.Architecture is { } asked ? (asked, null) : FindArchitecture();
        (int pageShift, string? whyPages) = request.PageShift is { } size ? (size, null) : FindPages(architecture, statedPageSize);
        if (IsPower64(request, architecture, pageShift))
            (architecture, why) = (Architecture.Power64, string.Create(CultureInfo.InvariantCulture, $"the kernel chose 0x{_highestChosen:x}, near 2^47"));
        ulong limit32 = FindLimit32(architecture);
        Machine machine;
        try
        {
            machine = MachineShapes.Find(architecture, pageShift, request.AddressBits, _highest.Address, _highestChosen, limit32);
        }
        catch (UnsupportedMachineException refused) when (why is not null || whyPages is not null)
        {
            throw new UnsupportedMachineException($"taken for {ArchitectureName.Of(architecture)}, because {string.Join(", and ", new[] { why, whyPages }.OfType<string>())}: {refused.Message}") { Line = _sign?.Line ?? _highest.Line };
        }

        if (!request.IsEmpty || machine.Architecture != Architecture.X64 || machine.PageShift != PageSize.Shift || machine.AddressBits != Machine.Usual.AddressBits)
            machine = machine with { Because = string.Join(", and ", new[] { why, whyPages }.OfType<string>()) };
        return machine;
    }

    private void AddMapping(in CallArguments a, ulong address, long line)
    {
        AddPlace(address, line);
        if (a.First != 0 || ((MapFlags)a.Fourth & (MapFlags.Fixed | MapFlags.Below2GiB)) != 0 || a.Second >= SmallestLarge)
            return;
        if (address > _highestChosen)
            _highestChosen = address;
        if (address is >= 0xb0000000 and < Machine.ThreeGigabyteLimit or >= 0xf0000000 and < End32)
            _chosenBelow4GiB = _chosenBelow4GiB == 0 ? line : _chosenBelow4GiB;
        // Only behind a length that is no multiple of it an address has a reason not to be aligned.
        if ((a.Second & 0x3fff) is > 0 and <= 0x3000)
            _telling++;
    }

    /// <summary>A place where pages begin.</summary>
    private void AddPlace(ulong address, long line)
    {
        Note(address, line);
        _bits |= address;
    }

    private void Note(ulong address, long line)
    {
        if (address > _highest.Address)
            _highest = (address, line);
    }

    /// <summary>True when nothing says which processor it is, and pages of 64 KiB near the end of addresses of 47 bits do: arm64's and loongarch's of that size end elsewhere.</summary>
    private bool IsPower64(MachineRequest request, Architecture architecture, int pageShift) =>
        request.Architecture is null && _sign is null && architecture == Architecture.X64 && pageShift == 16 && _highestChosen >> 46 == 1;

    private (Architecture Architecture, string? Why) FindArchitecture()
    {
        if (_highest.Address < End32 && FindOf32Bit() is { } small)
            return small;
        if (_sign is (var architecture, var sign, var line) && !(architecture is Architecture.I386 or Architecture.Arm))
            return (architecture, architecture == Architecture.X64 ? null : OfLine(line, sign));
        if (_highest.Address is >= ForeignAddress and < 2 * ForeignAddress)
            return (Architecture.Arm64, OfLine(_highest.Line, $"an address of 48 bits, 0x{_highest.Address:x}"));
        return (Architecture.X64, _highest.Address >= ForeignAddress ? OfLine(_highest.Line, $"the address 0x{_highest.Address:x}") : null);
    }

    private (Architecture, string)? FindOf32Bit()
    {
        Architecture architecture = _sign?.Architecture == Architecture.Arm ? Architecture.Arm : Architecture.I386;
        if (_line32 != 0)
            return (architecture, $"line {_line32} is a 32-bit program's");
        if (_sign is (Architecture.Arm or Architecture.I386, var sign, var line))
            return (architecture, OfLine(line, sign));
        if (_sign is null && _chosenBelow4GiB != 0)
            return (architecture, $"the kernel chose an address below 4 GiB on line {_chosenBelow4GiB}");
        return null;
    }

    private (int Shift, string? Why) FindPages(Architecture architecture, ulong stated)
    {
        if (stated is 1UL << 12 or 1UL << 14 or 1UL << 16)
            return (int.TrailingZeroCount((int)stated), $"it says AT_PAGESZ {stated}");
        int usual = MachineShapes.UsualPageShift(architecture);
        int most = _bits == 0 ? usual : int.Min(16, (int)ulong.TrailingZeroCount(_bits));
        bool hasLarger = architecture is Architecture.Arm64 or Architecture.LoongArch64 or Architecture.Power64;
        if (most < 14)
            return (12, usual == 12 ? null : "an address of its is a multiple of 4 KiB only");
        if (hasLarger && _telling < EnoughForSome || architecture is Architecture.I386 || !hasLarger && _telling < EnoughForAnyProcessor)
            return (usual, null);
        int shift = most >= 16 ? 16 : 14;
        return (shift, $"all its addresses are multiples of {MachineShapes.SizeOf(shift)}");
    }

    private ulong FindLimit32(Architecture architecture)
    {
        if (architecture is Architecture.I386Pae or Architecture.I386TwoLevel)
            return Machine.ThreeGigabyteLimit;
        bool isBelow3GiB = _highest.Address < Machine.ThreeGigabyteLimit && _chosenBelow4GiB != 0;
        if (architecture == Architecture.Arm)
            return isBelow3GiB ? 0xbf000000 : 0xfffff000;
        return isBelow3GiB ? Machine.ThreeGigabyteLimit : Machine.FourGigabyteLimit;
    }

    private static string OfLine(long line, string sign) => string.Create(CultureInfo.InvariantCulture, $"line {line} has {sign}");
}
