using PageShift.Abi;

namespace PageShift.AddressSpaces;

/// <summary>What a process may do with memory, and has asked of the kernel: its capabilities, and what prctl has set.</summary>
internal sealed record ProcessControls
{
    /// <summary>All capabilities, and nothing set.</summary>
    internal static ProcessControls Privileged { get; } = new();

    /// <summary>No capability, and nothing set.</summary>
    internal static ProcessControls Ordinary { get; } = new() { Capabilities = Capabilities.None };

    /// <summary>The capabilities that are in effect.</summary>
    internal Capabilities Capabilities { get; init; } = Capabilities.All;

    /// <summary>What is refused to writable memory (PR_SET_MDWE).</summary>
    internal ExecutionDenial Denial { get; init; }

    /// <summary>Whether large pages are disabled (PR_SET_THP_DISABLE).</summary>
    internal LargePageDisabling LargePages { get; init; }

    /// <summary>What a child of fork, or a program that is executed, has of it.</summary>
    internal ProcessControls Inherited => Denial.HasFlag(ExecutionDenial.NoInherit) ? this with { Denial = ExecutionDenial.None } : this;

    /// <summary>True when a capability is in effect.</summary>
    internal bool Has(Capabilities capability) => (Capabilities & capability) != 0;

    /// <summary>True when a mapping with <paramref name="old"/> flags may not get <paramref name="flags"/>. A new mapping has no others before.</summary>
    internal bool DeniesExecution(VmFlags old, VmFlags flags) =>
        Denial != ExecutionDenial.None && flags.Has(VmFlags.Execute) && (flags.Has(VmFlags.Write) || !old.Has(VmFlags.Execute));
}
