using System.Buffers.Binary;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>The classic BPF program that lets the kernel stop a thread at the calls of interest and at no other.
/// It sees <c>struct seccomp_data</c>: number at 0, architecture at 4, first argument at 16.
/// Source: <c>include/uapi/linux/seccomp.h</c>, <c>include/uapi/linux/bpf_common.h</c> (values).</summary>
internal sealed class SeccompFilter
{
    /// <summary>sizeof(struct sock_filter).</summary>
    public const int InstructionBytes = 8;

    private const ushort LoadWord = 0x20;
    private const ushort And = 0x54;
    private const ushort JumpIfEqual = 0x15;
    private const ushort JumpIfAnyBit = 0x45;
    private const ushort Return = 0x06;

    private const int NumberOffset = 0;
    private const int ArchitectureOffset = 4;
    private const int ArgumentsOffset = 16;

    private const uint StopForTracer = 0x7ff00000;
    private const uint Allow = 0x7fff0000;

    private const uint CloneI386 = 120;
    private const uint Clone3I386 = 435;

    // A jump to the last instruction, whose distance is not known yet. No program is as long as that.
    private const byte ToStop = 0xff;

    private readonly List<(ushort Code, byte IfTrue, byte IfFalse, uint Operand)> _program = [];

    private SeccompFilter()
    {
    }

    /// <summary>Instructions in the program.</summary>
    public int Length => _program.Count;

    /// <summary>What a stop by this filter carries, and one by a program's own does not (SECCOMP_RET_DATA).</summary>
    public const uint Mark = 0x5053;

    /// <summary>The filter for <see cref="MemoryCalls"/>, for the calls that copy an address space, and for those that would show the tracer (<see cref="RevealingCalls"/>).</summary>
    public static SeccompFilter ForMemoryCalls()
    {
        var filter = new SeccompFilter();
        filter.Add(LoadWord, ArchitectureOffset);
        int notX64 = filter.Add(JumpIfEqual, SystemCallStop.ArchX64);
        filter.AddX64();
        filter.SetFalseTarget(notX64);
        int notI386 = filter.Add(JumpIfEqual, SystemCallStop.ArchI386);
        filter.Add(LoadWord, NumberOffset);
        foreach (int number in MemoryCalls.I386Numbers)
            filter.StopAt((uint)number);

        filter.StopAt(Clone3I386);
        filter.StopAtArgument(CloneI386, argument: 0, (uint)CloneFlags.Untraced);
        filter.AddRevealing(RevealingCalls.I386);
        filter.SetFalseTarget(notI386);
        filter.Add(Return, Allow);
        filter.ResolveStops();
        filter.Add(Return, StopForTracer | Mark);
        return filter;
    }

    /// <summary>Writes the program as an array of <c>struct sock_filter</c>.</summary>
    public void WriteTo(Span<byte> destination)
    {
        foreach ((ushort code, byte ifTrue, byte ifFalse, uint operand) in _program)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(destination, code);
            destination[2] = ifTrue;
            destination[3] = ifFalse;
            BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], operand);
            destination = destination[InstructionBytes..];
        }
    }

    private void AddX64()
    {
        // The x32 interface numbers its memory calls alike, with a bit on top.
        Add(LoadWord, NumberOffset);
        Add(And, ~MemoryCalls.X32Bit);
        foreach (long number in MemoryCalls.X64Numbers)
            StopAt((uint)number);

        StopAt((uint)CallNumber.Fork);
        StopAt((uint)CallNumber.Clone3);
        AddRevealing(RevealingCalls.X64);
        int isNotRequest = Add(JumpIfEqual, (uint)CallNumber.Ioctl);
        Add(LoadWord, ArgumentsOffset + sizeof(ulong));
        foreach (uint request in MemoryCalls.UserFaultRequests)
            StopAt(request);

        Add(Return, Allow);
        SetFalseTarget(isNotRequest);
        int isClone = Add(JumpIfEqual, (uint)CallNumber.Clone);
        Add(Return, Allow);
        SetTrueTarget(isClone);
        Add(LoadWord, ArgumentsOffset);
        Add(JumpIfAnyBit, (uint)CloneFlags.Untraced, ifTrue: ToStop);
        Add(JumpIfAnyBit, (uint)(CloneFlags.SharedMemory | CloneFlags.VFork), ifFalse: ToStop);
        Add(Return, Allow);
    }

    private void AddRevealing(RevealingCalls calls)
    {
        StopAt(calls.Seccomp);
        foreach ((uint number, int options) in calls.Waits)
            StopAtArgument(number, options, RevealingCalls.WithoutBlocking);

        int isNotControl = Add(JumpIfEqual, calls.Control);
        Add(LoadWord, ArgumentsOffset);
        foreach (uint option in MemoryCalls.ControlOptions)
            StopAt(option);
        foreach (uint option in RevealingCalls.ControlOptions)
            StopAt(option);

        Add(Return, Allow);
        SetFalseTarget(isNotControl);
    }

    /// <summary>Stops at a call when one of its argument's low 32 bits has any of <paramref name="bits"/>.</summary>
    private void StopAtArgument(uint number, int argument, uint bits)
    {
        int isOther = Add(JumpIfEqual, number);
        Add(LoadWord, (uint)(ArgumentsOffset + (argument * sizeof(ulong))));
        Add(JumpIfAnyBit, bits, ifTrue: ToStop);
        Add(Return, Allow);
        SetFalseTarget(isOther);
    }

    private void StopAt(uint number) => Add(JumpIfEqual, number, ifTrue: ToStop);

    private int Add(ushort code, uint operand, byte ifTrue = 0, byte ifFalse = 0)
    {
        _program.Add((code, ifTrue, ifFalse, operand));
        return _program.Count - 1;
    }

    private void SetTrueTarget(int jump) =>
        _program[jump] = _program[jump] with { IfTrue = checked((byte)(_program.Count - jump - 1)) };

    private void SetFalseTarget(int jump) =>
        _program[jump] = _program[jump] with { IfFalse = checked((byte)(_program.Count - jump - 1)) };

    private void ResolveStops()
    {
        for (int i = 0; i < _program.Count; i++)
        {
            if (_program[i].IfTrue == ToStop)
                SetTrueTarget(i);

            if (_program[i].IfFalse == ToStop)
                SetFalseTarget(i);
        }
    }
}
