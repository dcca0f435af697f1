using System.Buffers.Binary;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Tests.ForeignMmu;

/// <summary>One access by one instruction in user mode.</summary>
/// <param name="Kind">Load, store or fetch.</param>
/// <param name="Address">Where: 8 bytes, or the instruction.</param>
/// <param name="Value">What RAX holds before: what a store writes.</param>
/// <param name="Instruction">Where the instruction stands.</param>
/// <param name="Expected">What must come of it.</param>
internal readonly record struct CheckedAccess(AccessKind Kind, VirtualAddress Address, ulong Value, ulong Instruction, AccessOutcome Expected)
{
    /// <summary>Writes the request as the stub reads it.</summary>
    internal void Write(Span<byte> record)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(record[GuestLayout.RequestInstruction..], Instruction);
        BinaryPrimitives.WriteUInt64LittleEndian(record[GuestLayout.RequestAddress..], Address.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(record[GuestLayout.RequestValue..], Value);
    }
}

/// <summary>The exception in which an access ended, and what the registers held then.</summary>
/// <param name="Vector">1 (debug) when the instruction was executed, 14 for a page fault, 13 for a general-protection fault.</param>
/// <param name="Error">The error code.</param>
/// <param name="Instruction">RIP.</param>
/// <param name="FaultAddress">CR2, which is zero before each access.</param>
/// <param name="Value">RAX: what a load has read.</param>
internal readonly record struct AccessOutcome(ulong Vector, ulong Error, ulong Instruction, ulong FaultAddress, ulong Value)
{
    private const ulong Debug = 1;
    private const ulong GeneralProtection = 13;
    private const ulong PageFaultVector = 14;

    internal bool IsDone => Vector == Debug;

    internal static AccessOutcome Done(ulong next, ulong value) => new(Debug, 0, next, 0, value);

    internal static AccessOutcome PageFault(ulong error, ulong instruction, ulong address, ulong value) => new(PageFaultVector, error, instruction, address, value);

    internal static AccessOutcome NonCanonical(ulong instruction, ulong value) => new(GeneralProtection, 0, instruction, 0, value);

    /// <summary>Reads what the stub noted.</summary>
    internal static AccessOutcome Read(ReadOnlySpan<byte> record) => new(
        Field(record, GuestLayout.ResultVector), Field(record, GuestLayout.ResultError), Field(record, GuestLayout.ResultInstruction),
        Field(record, GuestLayout.ResultFaultAddress), Field(record, GuestLayout.ResultValue));

    public override string ToString() => $"vector {Vector}, error 0x{Error:x}, RIP 0x{Instruction:x}, CR2 0x{FaultAddress:x}, RAX 0x{Value:x}";

    private static ulong Field(ReadOnlySpan<byte> record, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(record[offset..]);
}
