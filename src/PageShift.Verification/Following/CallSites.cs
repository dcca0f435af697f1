using System.Buffers.Binary;
using System.Globalization;
using PageShift.Abi;
using PageShift.Linux.Processes;
using PageShift.Linux.Tracing;
using PageShift.Units;

namespace PageShift.Verification.Following;

/// <summary>Names the places in a process's programs and libraries from which it makes calls.</summary>
internal sealed class CallSites : IDisposable
{
    // A stack that was the same so often, one time after the other, from the same caller is taken to be the same from then on: to unwind it takes longer than a move.
    private const int EnoughEqual = 32;

    // A C library's function that calls mremap for its caller rarely has more on the stack than this.
    private const int StackBytes = 4096;
    private const int WordBytes = sizeof(ulong);
    private const int LargestWrapperFrame = 128;
    private const int MostKept = 10_000;

    // The longest form of a call instruction: a prefix, the operation, and an operand of 5 bytes.
    private const int LongestCall = 7;

    private static readonly Lazy<SourceLine?> NoSource = new((SourceLine?)null);

    private readonly ProcessReader _reader;
    private readonly List<KernelMapping> _mappings = [];
    private readonly List<KernelMapping> _loaded = [];
    private readonly ProcessStacks _stacks;
    private readonly Dictionary<string, CallStack> _known = [];

    // To look these up can take long for each file, and the thread that makes the call is not to wait for it.
    private readonly Dictionary<ulong, Lazy<SourceLine?>> _sources = [];
    private readonly byte[] _stack = new byte[StackBytes];

    // By the place of the call, how far up the stack the way back to the caller was found, where that is so near that it is the wrapper's own, and the sites by the word there.
    private readonly Dictionary<VirtualAddress, int> _wayBack = [];
    private readonly Dictionary<(VirtualAddress Call, ulong Back), DirectSite> _direct = [];

    internal CallSites(int process, ProcessReader reader)
    {
        _reader = reader;
        _stacks = new ProcessStacks(process);
    }

    /// <summary>Code without a name was found that the process has compiled as it ran.</summary>
    internal bool HasUnnamedCode { get; private set; }

    /// <summary>Forgets where files are mapped: what is known may be so no longer.</summary>
    internal void Forget()
    {
        FindSources();
        _mappings.Clear();
        _wayBack.Clear();
        _direct.Clear();
        _known.Clear();
        _stacks.Forget();
    }

    /// <summary>Where a call was made, and the stack there, which is null where it can't be had. The thread is stopped in the call.</summary>
    internal (CallSite Site, CallStack? Stack) Of(in CallEntry call)
    {
        if (_mappings.Count == 0)
            ReadMappings();
        DirectSite? direct = null;
        if (_wayBack.TryGetValue(call.InstructionPointer, out int offset)
            && call.TryReadWord(call.StackPointer + new ByteLength((ulong)offset), out ulong back)
            && _direct.TryGetValue((call.InstructionPointer, back), out direct)
            && (direct.Equal >= EnoughEqual || direct.Stack is null))
            return (direct.Site, direct.Stack);
        CallStack? stack = StackOf(call);
        if (direct is not null)
        {
            direct.Equal = direct.Stack == stack ? direct.Equal + 1 : 0;
            direct.Stack = stack;
            return (direct.Site, stack);
        }

        string? file = FileAt(call.InstructionPointer);
        string? caller = CallerOutside(file, call.StackPointer, out offset);
        var site = new CallSite(Describe(file, call.InstructionPointer), stack?.Caller ?? caller);
        if (caller is not null && offset <= LargestWrapperFrame && _direct.Count < MostKept)
        {
            _wayBack[call.InstructionPointer] = offset;
            _direct[(call.InstructionPointer, BinaryPrimitives.ReadUInt64LittleEndian(_stack.AsSpan(offset)))] = new DirectSite(site) { Stack = stack };
        }

        return (site, stack);
    }

    public void Dispose()
    {
        FindSources();
        _stacks.Dispose();
    }

    private CallStack? StackOf(in CallEntry call)
    {
        ulong[] addresses = _stacks.Unwind(call.ThreadId);
        if (addresses.Length == 0)
            return null;
        string?[] files = [.. addresses.Select(a => FileAt(new VirtualAddress(a)))];
        // A library from which the call itself is made is not the program's own, and its source tells nothing: to read the C library's debug file can take longer than a program runs.
        string? library = files.FirstOrDefault(f => f != files[0]) is null ? null : files[0];
        var frames = new StackFrame[addresses.Length];
        for (int i = 0; i < frames.Length; i++)
            frames[i] = FrameAt(addresses[i], files[i], files[i] is { } file && file != library ? SourceOf(addresses[i]) : NoSource);
        string text = string.Join('\n', frames.Select(f => f.Place));
        if (_known.TryGetValue(text, out CallStack? known))
            return known;
        var stack = new CallStack(frames);
        if (_known.Count < MostKept)
            _known.Add(text, stack);
        return stack;
    }

    private StackFrame FrameAt(ulong address, string? file, Lazy<SourceLine?> source)
    {
        string? function = _stacks.FunctionAt(address);
        string place = Describe(file, new VirtualAddress(address));
        if (!IsCompiled(file))
            return new StackFrame(function, place, Path.GetFileName(file), source);
        HasUnnamedCode |= function is null;
        (string? method, string? assembly) = function is null ? default : CompiledFunction.Parse(function);
        return new StackFrame(method, place, assembly, source);
    }

    private Lazy<SourceLine?> SourceOf(ulong address)
    {
        if (!_sources.TryGetValue(address, out Lazy<SourceLine?>? source))
            _sources[address] = source = new Lazy<SourceLine?>(() => _stacks.SourceAt(address) is { File: { } file, Line: var line } ? new SourceLine(file, line) : null, isThreadSafe: false);
        return source;
    }

    /// <summary>Looks up what has not been asked for, while the files are still known.</summary>
    private void FindSources()
    {
        foreach (Lazy<SourceLine?> source in _sources.Values)
            _ = source.Value;
        _sources.Clear();
    }

    // .NET maps what it compiles from a memory file, to have it writable elsewhere.
    private static bool IsCompiled(string? file) => file is "" || file?.StartsWith("/memfd:doublemapper", StringComparison.Ordinal) == true;

    private void ReadMappings()
    {
        _ = _reader.ReadMappingsWithNames(new AddressRange(VirtualAddress.Zero, new VirtualAddress(0x7fff_ffff_f000)), _mappings);
        _loaded.Clear();
        _loaded.AddRange(_mappings.Where(m => !string.IsNullOrEmpty(m.Name) && m.FileOffset == 0));
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

    private string Describe(string? file, VirtualAddress address) => string.IsNullOrEmpty(file) || IsCompiled(file)
        ? address.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(file)}+0x{OffsetIn(file, address):x}");

    /// <summary>The distance from where the file is loaded: the nearest place below at which its beginning is mapped, since a file can be mapped several times. Where its beginning is not, from
    /// the file's own beginning.</summary>
    private ulong OffsetIn(string file, VirtualAddress address)
    {
        for (int i = _loaded.Count - 1; i >= 0; i--)
        {
            if (_loaded[i].Range.Start <= address && _loaded[i].Name == file)
                return (address - _loaded[i].Range.Start).Value;
        }

        KernelMapping mapping = _mappings.First(m => m.Range.Contains(address));
        return (address - mapping.Range.Start).Value + mapping.FileOffset;
    }

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

    /// <summary>A caller that is found without unwinding, with the stack that it had last.</summary>
    private sealed class DirectSite(CallSite site)
    {
        internal CallSite Site { get; } = site;

        internal CallStack? Stack { get; set; }

        internal int Equal { get; set; }
    }
}
