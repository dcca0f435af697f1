using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PageShift.Translation;

internal sealed partial class Tlb
{
    /// <summary>The entry where the page of <paramref name="address"/> would stand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref Entry At(ulong address) =>
        ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_entries), (nint)((address >> PageSize.Shift) & (EntryCount - 1))); // masked to the array's fixed length
}
