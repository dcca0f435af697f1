using CsCheck;
using PageShift.Calls;

namespace PageShift.Tests.Model;

/// <summary>One step of a random sequence: numbers that <see cref="StepResolver"/> makes a call of, by what is mapped when its turn comes.</summary>
/// <param name="Kind">What to do. <see cref="CallKind.Unknown"/> is a read.</param>
/// <param name="Process">Which space.</param>
/// <param name="Place">Where.</param>
/// <param name="Length">How much.</param>
/// <param name="Other">The rest: flags, destinations.</param>
internal readonly record struct ModelStep(CallKind Kind, int Process, int Place, int Length, int Other)
{
    private const int Choices = 1 << 16;

    /// <summary>Steps, weighted to moves and to what makes moves interesting.</summary>
    internal static readonly Gen<ModelStep> Gen = Select(
        (32, CallKind.Remap), (16, CallKind.Map), (16, CallKind.MemorySet), (4, CallKind.Unmap), (8, CallKind.Unknown), (8, CallKind.Advise),
        (8, CallKind.Protect), (3, CallKind.Clone), (3, CallKind.RelocateDown), (3, CallKind.Break), (2, CallKind.Lock), (2, CallKind.Unlock), (1, CallKind.ExitGroup));

    private static Gen<ModelStep> Select(params (int Weight, CallKind Kind)[] kinds) => CsCheck.Gen.Select(
        CsCheck.Gen.Frequency([.. kinds.Select(kind => (kind.Weight, CsCheck.Gen.Const(kind.Kind)))]),
        CsCheck.Gen.Int[0, 7],
        CsCheck.Gen.Int[0, Choices - 1],
        CsCheck.Gen.Int[0, Choices - 1],
        CsCheck.Gen.Int[0, Choices - 1],
        (kind, process, place, length, other) => new ModelStep(kind, process, place, length, other));
}
