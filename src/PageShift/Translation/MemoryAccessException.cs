using System.Globalization;
using PageShift.Units;

namespace PageShift.Translation;

/// <summary>An access that was made without a <c>Try</c> form has faulted.</summary>
public sealed class MemoryAccessException : Exception
{
    /// <summary>Makes the exception for an access that faulted at <paramref name="address"/>.</summary>
    internal MemoryAccessException(VirtualAddress address, AccessKind access, AccessFault fault)
        : base(string.Create(CultureInfo.InvariantCulture, $"{access} at {address} failed: {fault}."))
    {
        Address = address;
        Access = access;
        Fault = fault;
    }

    /// <summary>The first byte that could not be accessed: what CR2 would hold.</summary>
    public VirtualAddress Address { get; }

    /// <summary>What the access was to do.</summary>
    public AccessKind Access { get; }

    /// <summary>Why it failed.</summary>
    public AccessFault Fault { get; }
}
