using System.Collections.Concurrent;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux;

/// <summary>The memory file that holds the host's code and the slots of all processes forked from one host.
/// Thread safety: all members may be called from any thread.</summary>
internal sealed class HostFile
{
    private readonly ConcurrentBag<int> _freeSlots = [];
    private int _usedSlots;
    private int _users;

    private HostFile(int descriptor) => Descriptor = descriptor;

    internal int Descriptor { get; }

    /// <summary>Makes the file with the host's executable as its first page.</summary>
    internal static HostFile? TryCreate(out Errno error)
    {
        CallResult created = MemoryFile.CreateExecutable("pageshift-host\0"u8);
        error = created.Error;
        if (created.IsError) return null;

        int descriptor = (int)created.Raw;
        CallResult sized = FileDescriptor.SetLength(descriptor, HostLayout.FileBytes);
        CallResult page = sized.IsError ? sized : SharedMapping.Map(descriptor, 0, HostLayout.CodeBytes);
        error = page.Error;
        if (page.IsError)
        {
            _ = FileDescriptor.Close(descriptor);
            return null;
        }

        WriteImage((nint)page.Raw);
        _ = SharedMapping.Unmap((nint)page.Raw, HostLayout.CodeBytes);
        return new HostFile(descriptor);
    }

    /// <summary>Maps a slot that no process uses.</summary>
    /// <returns>The slot's number, or null when all are in use or memory is short.</returns>
    internal int? TryTakeSlot(out nint address)
    {
        address = 0;
        if (!_freeSlots.TryTake(out int slot))
        {
            slot = Interlocked.Increment(ref _usedSlots) - 1;
            if (slot >= HostLayout.SlotCount)
            {
                _ = Interlocked.Decrement(ref _usedSlots);
                return null;
            }
        }

        CallResult mapped = SharedMapping.Map(Descriptor, HostLayout.SlotOffset(slot), HostLayout.SlotBytes);
        if (mapped.IsError)
        {
            _freeSlots.Add(slot);
            return null;
        }

        _ = Interlocked.Increment(ref _users);
        address = (nint)mapped.Raw;
        return slot;
    }

    /// <summary>Gives a slot back; the last one closes the file.</summary>
    internal void ReturnSlot(int slot, nint address)
    {
        _ = SharedMapping.Unmap(address, HostLayout.SlotBytes);
        _freeSlots.Add(slot);
        if (Interlocked.Decrement(ref _users) == 0) _ = FileDescriptor.Close(Descriptor);
    }

    // A fresh mapping of CodeBytes bytes, readable and writable.
    private static unsafe void WriteImage(nint page) => HostImage.WriteTo(new Span<byte>((void*)page, (int)HostLayout.CodeBytes));
}
