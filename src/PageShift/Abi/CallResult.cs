using System.Globalization;
using PageShift.Units;

namespace PageShift.Abi;

/// <summary>What a system call returns in its register: a value, or a negated errno in [-4095, -1].</summary>
public readonly record struct CallResult
{
    private const long LowestError = -4095;

    /// <summary>The result that a register holds.</summary>
    public CallResult(long raw) => Raw = raw;

    /// <summary>The register, as the kernel leaves it.</summary>
    public long Raw { get; }

    /// <summary>The result of a call that succeeded without a value.</summary>
    public static CallResult Success => default;

    /// <summary>True when the call failed.</summary>
    public bool IsError => Raw is >= LowestError and < 0;

    /// <summary>The error, or <see cref="Errno.None"/> when the call succeeded.</summary>
    public Errno Error => IsError ? (Errno)(-Raw) : Errno.None;

    /// <summary>The returned address.</summary>
    /// <exception cref="InvalidOperationException">The call failed.</exception>
    public VirtualAddress Address => IsError
        ? throw new InvalidOperationException($"The call failed with {ErrnoName.Of(Error)}; it returned no address.")
        : new VirtualAddress((ulong)Raw);

    /// <summary>The result of a call that failed with <paramref name="error"/>.</summary>
    public static implicit operator CallResult(Errno error) => new(-(long)error);

    /// <summary>The result of a call that returned <paramref name="address"/>.</summary>
    public static implicit operator CallResult(VirtualAddress address) => new((long)address.Value);

    /// <summary>The result as strace writes it, without the error's description.</summary>
    public override string ToString() => IsError
        ? string.Create(CultureInfo.InvariantCulture, $"-1 {ErrnoName.Of(Error)}")
        : string.Create(CultureInfo.InvariantCulture, $"0x{Raw:x}");
}
