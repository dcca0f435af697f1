using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.Units;

namespace PageShift.Translation;

internal sealed partial class Tlb
{
    /// <summary>The first entry.</summary>
    internal ref TlbEntry First => ref MemoryMarshal.GetArrayDataReference(_entries);

    /// <summary>The entry where the page of <paramref name="address"/> would stand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref TlbEntry At(ulong address) => ref At(ref First, address);

    /// <summary>The same, in an array of <see cref="EntryCount"/> entries that begins with <paramref name="first"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ref TlbEntry At(ref TlbEntry first, ulong address) =>
        ref Unsafe.Add(ref first, (nint)((address >> PageSize.Shift) & (EntryCount - 1))); // masked to the array's fixed length
}
