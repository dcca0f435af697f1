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
    private const int FirstArgumentOffset = 16;

    private const uint StopForTracer = 0x7ff00000;
    private const uint Allow = 0x7fff0000;

    // A jump to the last instruction, whose distance is not known yet. No program is as long as that.
    private const byte ToStop = 0xff;

    private readonly List<(ushort Code, byte IfTrue, byte IfFalse, uint Operand)> _program = [];

    private SeccompFilter()
    {
    }

    /// <summary>Instructions in the program.</summary>
    public int Length => _program.Count;

    /// <summary>The filter for <see cref="MemoryCalls"/> and for the calls that copy an address space.</summary>
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


        filter.SetFalseTarget(notI386);
        filter.Add(Return, Allow);
        filter.ResolveStops();
        filter.Add(Return, StopForTracer);
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
        int isClone = Add(JumpIfEqual, (uint)CallNumber.Clone);
        int isNotControl = Add(JumpIfEqual, (uint)CallNumber.Prctl);
        Add(LoadWord, FirstArgumentOffset);
        foreach (uint option in MemoryCalls.ControlOptions)
            Add(JumpIfEqual, option, ifTrue: ToStop);
        SetFalseTarget(isNotControl);
        Add(Return, Allow);
        SetTrueTarget(isClone);
        Add(LoadWord, FirstArgumentOffset);
        Add(JumpIfAnyBit, (uint)(CloneFlags.SharedMemory | CloneFlags.VFork), ifFalse: ToStop);
        Add(Return, Allow);
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
