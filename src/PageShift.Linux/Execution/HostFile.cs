using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Execution;

/// <summary>The memory file that holds the host's program and the slots of all processes forked from one host.
/// Thread safety: all members may be called from any thread.</summary>
internal sealed class HostFile
{
    private readonly ConcurrentBag<int> _freeSlots = [];
    private int _usedSlots;
    private int _users;

    private HostFile(SafeFileHandle handle) => Handle = handle;

    internal SafeFileHandle Handle { get; }

    /// <summary>Makes the file with the host's program as its first page.</summary>
    internal static HostFile? TryCreate(out Errno error)
    {
        SafeFileHandle? file = Kernel.MemfdCreateExecutable("pageshift-host", out error);
        if (file is null) return null;

        CallResult written = Kernel.Write(file, ElfProgram.Of(HostCode.Bytes));
        error = written.IsError ? written.Error : Kernel.Ftruncate(file, HostLayout.FileBytes).Error;
        if (error == Errno.None) return new HostFile(file);
        file.Dispose();
        return null;
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

        CallResult mapped = Kernel.MmapShared(Handle, HostLayout.SlotOffset(slot), HostLayout.SlotBytes);
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
        _ = Kernel.Munmap(address, HostLayout.SlotBytes);
        _freeSlots.Add(slot);
        if (Interlocked.Decrement(ref _users) == 0) Handle.Dispose();
    }
}
