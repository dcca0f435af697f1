using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>What a call that leaves the address open tells of the range it wants.</summary>
/// <param name="Length">The bytes, some whole pages.</param>
/// <param name="Hint">The address wished for, page aligned, or 0 for none. mmap rounds it first with
/// <see cref="AddressSelection.RoundHint"/>; mremap does not.</param>
/// <param name="Alignment">Whether the range is to be aligned for large pages.</param>
/// <param name="FileOffset">The byte in the file at which the range starts; only looked at when
/// <paramref name="Alignment"/> is <see cref="LargePageAlignment.File"/>.</param>
/// <param name="Below2GiB">MAP_32BIT.</param>
internal readonly record struct AddressRequest(
    ByteLength Length,
    VirtualAddress Hint = default,
    LargePageAlignment Alignment = LargePageAlignment.None,
    ulong FileOffset = 0,
    bool Below2GiB = false);
