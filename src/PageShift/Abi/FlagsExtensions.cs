namespace PageShift.Abi;

/// <summary>Asks flags without <see cref="Enum.HasFlag"/>, which allocates in code that is not yet optimised.</summary>
internal static class FlagsExtensions
{
    /// <summary>True when <paramref name="flags"/> has <paramref name="flag"/>, or any of several.</summary>
    internal static bool Has(this VmFlags flags, VmFlags flag) => (flags & flag) != 0;

    /// <summary>True when <paramref name="flags"/> has <paramref name="flag"/>, or any of several.</summary>
    internal static bool Has(this RemapFlags flags, RemapFlags flag) => (flags & flag) != 0;
}
