using PageShift.Physical;

namespace PageShift.Mappings;

/// <summary>An open file description: a memory object together with how it was opened. Two mappings merge
/// only when they show the same open file description, as in Linux.</summary>
/// <remarks>Immutable, thread-safe; compared by reference.</remarks>
public sealed class OpenFile
{
    /// <summary>Opens <paramref name="memory"/> for reading and writing, unless the initialiser says otherwise.</summary>
    public OpenFile(MemoryObject memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        Object = memory;
    }

    /// <summary>The object that was opened.</summary>
    public MemoryObject Object { get; }

    /// <summary>True when it was opened for reading (O_RDONLY or O_RDWR). Otherwise every mmap of it fails with EACCES.</summary>
    public bool CanRead { get; init; } = true;

    /// <summary>True when it was opened for writing (O_RDWR). Otherwise a shared mapping can't become writable.</summary>
    public bool CanWrite { get; init; } = true;

    /// <summary>True when it lies on a file system that is mounted noexec: no mapping of it can be executed.</summary>
    internal bool ForbidsExecution { get; init; }

    /// <summary>True when it was opened with O_PATH: it names a file and can't be mapped (EBADF).</summary>
    internal bool IsPathOnly { get; init; }

    /// <summary>True for a directory, or another file that has no pages to map (ENODEV).</summary>
    internal bool IsUnmappable { get; init; }

    /// <summary>True when whoever opened it counts its mappings (Linux: a close operation of its vm_ops), as System V shared memory does: a merge may lengthen one of them and must not take one away, and once none is
    /// left and nothing else holds the object, it can be mapped no more. Its faults map one page, and none around it; mremap moves one
    /// of its mappings at a time.</summary>
    internal bool CountsMappings { get; init; }

    /// <summary>The same opening of a file of the same kind and length that has no pages: what is done to those of the copy, nobody sees.</summary>
    internal OpenFile WithoutPages() => new(Object.WithoutPages())
    {
        CanRead = CanRead,
        CanWrite = CanWrite,
        ForbidsExecution = ForbidsExecution,
        IsPathOnly = IsPathOnly,
        IsUnmappable = IsUnmappable,
        CountsMappings = CountsMappings,
    };

    /// <summary>Throws when the file's pages are frames of another memory, whose numbers would mean something else on <paramref name="memory"/>.</summary>
    /// <exception cref="ArgumentException">They are.</exception>
    internal void ThrowIfNotOn(PhysicalMemory memory)
    {
        if (Object.Memory != memory)
            throw new ArgumentException("The file's object lives on another physical memory than the address space.", "file");
    }
}
