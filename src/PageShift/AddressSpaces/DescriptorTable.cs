using System.Diagnostics.CodeAnalysis;
using PageShift.Mappings;
using PageShift.Physical;

namespace PageShift.AddressSpaces;

/// <summary>The file descriptors that mmap's fifth argument means when a call is given by its numbers.</summary>
/// <remarks>Thread-safe. Each descriptor holds the object that it is open on (<see cref="MemoryObject.IsUnlinked"/>).</remarks>
public sealed class DescriptorTable
{
    private readonly PhysicalMemory _memory;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, OpenFile> _files = [];

    /// <summary>Makes an empty table of files that can be mapped in spaces on <paramref name="memory"/>.</summary>
    internal DescriptorTable(PhysicalMemory memory) => _memory = memory;

    /// <summary>What is open. A snapshot.</summary>
    internal IReadOnlyCollection<KeyValuePair<int, OpenFile>> Files
    {
        get
        {
            lock (_lock)
                return [.. _files];
        }
    }

    /// <summary>Opens <paramref name="file"/> at the lowest free descriptor, as open does.</summary>
    /// <returns>The descriptor.</returns>
    /// <exception cref="ArgumentException"><paramref name="file"/> is of another <see cref="PhysicalMemory"/> than the space.</exception>
    public int Open(OpenFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        file.ThrowIfNotOn(_memory);
        lock (_lock)
        {
            int free = 0;
            foreach (int used in _files.Keys)
            {
                if (used != free)
                    break;
                free++;
            }

            _files.Add(free, file);
            file.Object.AddHolder();
            return free;
        }
    }

    /// <summary>Makes <paramref name="descriptor"/> mean <paramref name="file"/>, whatever it meant before, as dup2 does.</summary>
    /// <exception cref="ArgumentException"><paramref name="file"/> is of another <see cref="PhysicalMemory"/> than the space.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="descriptor"/> is negative.</exception>
    public void Set(int descriptor, OpenFile file)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(descriptor);
        ArgumentNullException.ThrowIfNull(file);
        file.ThrowIfNotOn(_memory);
        OpenFile? before;
        lock (_lock)
        {
            _ = _files.TryGetValue(descriptor, out before);
            _files[descriptor] = file;
            file.Object.AddHolder();
        }

        before?.Object.RemoveHolder();
    }

    /// <summary>Closes a descriptor; mappings of its file stay.</summary>
    /// <returns>False when it was not open.</returns>
    public bool Close(int descriptor)
    {
        OpenFile? file;
        lock (_lock)
            _ = _files.Remove(descriptor, out file);
        file?.Object.RemoveHolder();
        return file is not null;
    }

    /// <summary>Closes the descriptors from <paramref name="first"/> to <paramref name="last"/> inclusive that are open, as close_range does.</summary>
    internal void CloseRange(int first, int last)
    {
        KeyValuePair<int, OpenFile>[] closed;
        lock (_lock)
        {
            closed = [.. _files.Where(file => file.Key >= first && file.Key <= last)];
            foreach ((int descriptor, _) in closed)
                _files.Remove(descriptor);
        }

        foreach ((_, OpenFile file) in closed)
            file.Object.RemoveHolder();
    }

    /// <summary>Finds what a descriptor means.</summary>
    /// <returns>False when it is not open.</returns>
    public bool TryGet(int descriptor, [MaybeNullWhen(false)] out OpenFile file)
    {
        lock (_lock)
            return _files.TryGetValue(descriptor, out file);
    }

    /// <summary>Finds what a descriptor means, and holds its object for the caller: another thread may close the descriptor.</summary>
    internal bool TryHold(int descriptor, [MaybeNullWhen(false)] out OpenFile file)
    {
        lock (_lock)
        {
            if (!_files.TryGetValue(descriptor, out file))
                return false;
            file.Object.AddHolder();
            return true;
        }
    }

    /// <summary>Opens what another table has open, under the same descriptors, as for a child of fork and for a program that execve begins.</summary>
    /// <exception cref="ArgumentException"><paramref name="parent"/> is of a space on another <see cref="PhysicalMemory"/>, and not empty.</exception>
    internal void CopyFrom(DescriptorTable parent)
    {
        ArgumentNullException.ThrowIfNull(parent);
        KeyValuePair<int, OpenFile>[] held;
        lock (parent._lock)
        {
            held = [.. parent._files];
            foreach ((_, OpenFile file) in held)
                file.Object.AddHolder();
        }

        foreach ((int descriptor, OpenFile file) in held)
        {
            Set(descriptor, file);
            file.Object.RemoveHolder();
        }
    }
}
