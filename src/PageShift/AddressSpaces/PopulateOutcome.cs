using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>How far populating went, and what stopped it.</summary>
/// <param name="Reached">The first page that is not populated; the range's end when nothing stopped it.</param>
/// <param name="Fault">What stopped it, or <see cref="AccessFault.None"/>. <see cref="AccessFault.NotMapped"/> is a hole; a guard page is <see cref="AccessFault.GuardPage"/>.</param>
internal readonly record struct PopulateOutcome(VirtualAddress Reached, AccessFault Fault)
{
    /// <summary>True when nothing stopped it.</summary>
    internal bool IsComplete => Fault == AccessFault.None;
}
