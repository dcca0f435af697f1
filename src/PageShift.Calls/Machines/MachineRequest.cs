namespace PageShift.Calls.Machines;

/// <summary>What is known of a log's machine beforehand: what the options say. What is null is found in the log.</summary>
/// <param name="Architecture">The processor.</param>
/// <param name="PageShift">The base-2 logarithm of the page size: 12, 14 or 16.</param>
/// <param name="AddressBits">The bits of a user address.</param>
internal sealed record MachineRequest(Architecture? Architecture = null, int? PageShift = null, int? AddressBits = null)
{
    /// <summary>True when nothing was said.</summary>
    internal bool IsEmpty => Architecture is null && PageShift is null && AddressBits is null;
}
