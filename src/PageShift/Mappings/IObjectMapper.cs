using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>What maps pages of memory objects: an address space, as its objects know it.</summary>
internal interface IObjectMapper
{
    /// <summary>True once it maps nothing any more. Read at any time; it may be late, never wrong.</summary>
    bool IsDisposed { get; }

    /// <summary>Takes the leaves away that map pages of an object; private copies stay. It takes the mapper's lock: no lock of another one may be held.</summary>
    void UnmapPages(MemoryObject memoryObject, PageCount first, PageCount count);

    /// <summary>Takes all leaves of an object's mappings away from a page on, private copies too; guard pages stay. It takes the mapper's lock: no lock of another one may be
    /// held.</summary>
    void UnmapFrom(MemoryObject memoryObject, PageCount first);
}
