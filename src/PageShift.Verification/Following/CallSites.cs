using System.Buffers.Binary;
using System.Globalization;
using PageShift.Abi;
using PageShift.Linux.Processes;
using PageShift.Linux.Tracing;
using PageShift.Units;

namespace PageShift.Verification.Following;

/// <summary>Names the places in a process's programs and libraries from which it makes calls.</summary>
internal sealed class CallSites
{
    // A C library's function that calls mremap for its caller rarely has more on the stack than this.
    private const int StackBytes = 4096;
    private const int WordBytes = sizeof(ulong);
    private const int LargestWrapperFrame = 128;
    private const int MostKept = 10_000;

    // The longest form of a call instruction: a prefix, the operation, and an operand of 5 bytes.
    private const int LongestCall = 7;

    private readonly ProcessReader _reader;
    private readonly List<KernelMapping> _mappings = [];
    private readonly Dictionary<string, VirtualAddress> _loaded = [];
    private readonly byte[] _stack = new byte[StackBytes];

    // By the place of the call, how far up the stack the way back to the caller was found, where that is so near that it is the wrapper's own, and the sites by the word there.
    private readonly Dictionary<VirtualAddress, int> _wayBack = [];
    private readonly Dictionary<(VirtualAddress Call, ulong Back), CallSite> _direct = [];

    internal CallSites(ProcessReader reader) => _reader = reader;

    /// <summary>Forgets where files are mapped: what is known may be so no longer.</summary>
    internal void Forget()
    {
        _mappings.Clear();
        _wayBack.Clear();
        _direct.Clear();
    }

    /// <summary>Where a call was made.</summary>
    internal CallSite Of(in CallEntry call)
    {
        if (_mappings.Count == 0)
            ReadMappings();
        if (_wayBack.TryGetValue(call.InstructionPointer, out int offset)
            && _reader.ReadBytes(call.StackPointer + new ByteLength((ulong)offset), _stack.AsSpan(0, WordBytes)) == WordBytes
            && _direct.TryGetValue((call.InstructionPointer, BinaryPrimitives.ReadUInt64LittleEndian(_stack)), out CallSite known))
            return known;
        string? file = FileAt(call.InstructionPointer);
        string? caller = CallerOutside(file, call.StackPointer, out offset);
        var site = new CallSite(Describe(file, call.InstructionPointer), caller);
        if (caller is not null && offset <= LargestWrapperFrame && _direct.Count < MostKept)
        {
            _wayBack[call.InstructionPointer] = offset;
            _direct[(call.InstructionPointer, BinaryPrimitives.ReadUInt64LittleEndian(_stack.AsSpan(offset)))] = site;
        }

        return site;
    }

    private void ReadMappings()
    {
        _ = _reader.ReadMappingsWithNames(new AddressRange(VirtualAddress.Zero, new VirtualAddress(0x7fff_ffff_f000)), _mappings);
        _loaded.Clear();
        foreach (KernelMapping mapping in _mappings)
        {
            if (!string.IsNullOrEmpty(mapping.Name))
                _ = _loaded.TryAdd(mapping.Name, mapping.Range.Start);
        }

        _ = _mappings.RemoveAll(m => !m.Protection.HasFlag(Protection.Execute));
    }

    /// <summary>The file, or the kernel's name, of the code at an address: empty for code without a file, null where there is none.</summary>
    private string? FileAt(VirtualAddress address)
    {
        foreach (KernelMapping mapping in _mappings)
        {
            if (mapping.Range.Contains(address))
                return mapping.Name ?? "";
        }

        return null;
    }

    private string Describe(string? file, VirtualAddress address) => string.IsNullOrEmpty(file)
        ? address.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(file)}+0x{(address - _loaded[file]).Value:x}");

    private string? CallerOutside(string? file, VirtualAddress stack, out int offset)
    {
        offset = 0;
        int length = _reader.ReadBytes(stack, _stack);
        for (int at = 0; at + WordBytes <= length; at += WordBytes)
        {
            var address = new VirtualAddress(BinaryPrimitives.ReadUInt64LittleEndian(_stack.AsSpan(at)));
            if (FileAt(address) is not { } caller || caller == file || !FollowsCall(address))
                continue;
            offset = at;
            return Describe(caller, address);
        }

        return null;
    }

    /// <summary>True when a call instruction ends right before an address: relative (E8), or through a register or memory (FF /2).
    /// Source: Intel SDM, volume 2, CALL.</summary>
    private bool FollowsCall(VirtualAddress address)
    {
        const byte Relative = 0xe8, Indirect = 0xff;
        const int RelativeLength = 5;
        Span<byte> code = stackalloc byte[LongestCall];
        if (address.Value < LongestCall || _reader.ReadBytes(address - new ByteLength(LongestCall), code) != LongestCall)
            return false;
        if (code[^RelativeLength] == Relative)
            return true;
        for (int length = 2; length <= LongestCall; length++)
        {
            byte operand = code[^(length - 1)];
            if (code[^length] == Indirect && (operand >> 3 & 7) == 2 && OperandLength(operand) == length - 1)
                return true;
        }

        return false;
    }

    /// <summary>Bytes of a ModRM operand with what follows it.</summary>
    private static int OperandLength(byte operand)
    {
        int mode = operand >> 6, register = operand & 7;
        int scaled = register == 4 && mode != 3 ? 1 : 0;
        return mode switch
        {
            0 when register == 5 => 5,
            0 => 1 + scaled,
            1 => 2 + scaled,
            2 => 5 + scaled,
            _ => 1,
        };
    }
}
