using PageShift.Physical;

namespace PageShift;

/// <summary>Physical memory that an address space made for itself, and shares with its descendants by fork: the last of them disposes it. Thread-safe.</summary>
internal sealed class OwnedMemory(PhysicalMemory memory)
{
    private int _spaces = 1;

    internal void AddSpace() => Interlocked.Increment(ref _spaces);

    internal void RemoveSpace()
    {
        if (Interlocked.Decrement(ref _spaces) == 0)
            memory.Dispose();
    }
}
