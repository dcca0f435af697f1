using CsCheck;

namespace PageShift.Tests.LiveMemory;

/// <summary>One operation of a random sequence. Its numbers are read modulo what is possible when it runs.</summary>
internal readonly record struct BufferStep(BufferOperation Operation, uint First, uint Second, uint Third)
{
    internal static Gen<BufferStep> Gen { get; } = CsCheck.Gen.Select(
        CsCheck.Gen.Int[0, Enum.GetValues<BufferOperation>().Length - 1], CsCheck.Gen.UInt, CsCheck.Gen.UInt, CsCheck.Gen.UInt, (o, a, b, c) => new BufferStep((BufferOperation)o, a, b, c));
}

internal enum BufferOperation
{
    Resize,
    Write,
    WritePages,
    Insert,
    Remove,
    Move,
    Exchange,
    Clear,
    DropFront,
    Slide,
    Append,
    InsertOther,
    Split,
    Reserve,
    Compact,
}
