using System.Diagnostics.CodeAnalysis;
using PageShift.Mappings;

namespace PageShift;

/// <summary>The file descriptors that mmap's fourth argument means when a call is given by its numbers.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class DescriptorTable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, OpenFile> _files = [];

    /// <summary>Opens <paramref name="file"/> at the lowest free descriptor, as open does.</summary>
    /// <returns>The descriptor.</returns>
    public int Open(OpenFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
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
            return free;
        }
    }

    /// <summary>Makes <paramref name="descriptor"/> mean <paramref name="file"/>, whatever it meant before, as dup2 does.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="descriptor"/> is negative.</exception>
    public void Set(int descriptor, OpenFile file)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(descriptor);
        ArgumentNullException.ThrowIfNull(file);
        lock (_lock)
            _files[descriptor] = file;
    }

    /// <summary>Closes a descriptor; mappings of its file stay.</summary>
    /// <returns>False when it was not open.</returns>
    public bool Close(int descriptor)
    {
        lock (_lock)
            return _files.Remove(descriptor);
    }

    /// <summary>Finds what a descriptor means.</summary>
    /// <returns>False when it is not open.</returns>
    public bool TryGet(int descriptor, [MaybeNullWhen(false)] out OpenFile file)
    {
        lock (_lock)
            return _files.TryGetValue(descriptor, out file);
    }

    /// <summary>Takes over all descriptors of another table, as a child of fork does.</summary>
    internal void CopyFrom(DescriptorTable parent)
    {
        KeyValuePair<int, OpenFile>[] files;
        lock (parent._lock)
            files = [.. parent._files];
        lock (_lock)
        {
            foreach ((int descriptor, OpenFile file) in files)
                _files[descriptor] = file;
        }
    }
}
