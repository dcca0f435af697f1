using CsCheck;
using PageShift.Abi;
using PageShift.Calls;

namespace PageShift.Tests.Model;

/// <summary>One step of a random sequence: numbers that <see cref="StepResolver"/> makes a call of, by what is mapped when its turn comes.</summary>
/// <param name="Kind">What to do. <see cref="PseudoCall.Unknown"/> is a read.</param>
/// <param name="Process">Which space.</param>
/// <param name="Place">Where.</param>
/// <param name="Length">How much.</param>
/// <param name="Other">The rest: flags, destinations.</param>
internal readonly record struct ModelStep(SystemCallNumber Kind, int Process, int Place, int Length, int Other)
{
    private const int Choices = 1 << 16;

    /// <summary>Steps, weighted to moves and to what makes moves interesting.</summary>
    internal static readonly Gen<ModelStep> Gen = Select(
        (32, SystemCallNumber.Remap), (16, SystemCallNumber.Map), (16, PseudoCall.MemorySet), (4, SystemCallNumber.Unmap), (8, PseudoCall.Unknown), (8, SystemCallNumber.Advise),
        (8, SystemCallNumber.Protect), (3, SystemCallNumber.Clone), (3, PseudoCall.RelocateDown), (3, SystemCallNumber.Break), (2, SystemCallNumber.Lock), (2, SystemCallNumber.Unlock), (1, SystemCallNumber.ExitGroup));

    private static Gen<ModelStep> Select(params (int Weight, SystemCallNumber Kind)[] kinds) => CsCheck.Gen.Select(
        CsCheck.Gen.Frequency([.. kinds.Select(kind => (kind.Weight, CsCheck.Gen.Const(kind.Kind)))]),
        CsCheck.Gen.Int[0, 7],
        CsCheck.Gen.Int[0, Choices - 1],
        CsCheck.Gen.Int[0, Choices - 1],
        CsCheck.Gen.Int[0, Choices - 1],
        (kind, process, place, length, other) => new ModelStep(kind, process, place, length, other));
}
