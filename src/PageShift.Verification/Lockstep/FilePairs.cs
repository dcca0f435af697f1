using System.Diagnostics.CodeAnalysis;
using PageShift.Mappings;

namespace PageShift.Verification.Lockstep;

/// <summary>Which object of the engine's stands for which of the kernel's files. What was the same once must stay so.</summary>
internal sealed class FilePairs
{
    private readonly Dictionary<KernelFile, MemoryObject> _objects = [];
    private readonly Dictionary<MemoryObject, KernelFile> _files = [];

    /// <summary>Finds the object of a file.</summary>
    internal bool TryGetObject(KernelFile file, [MaybeNullWhen(false)] out MemoryObject found) => _objects.TryGetValue(file, out found);

    /// <summary>Makes an object stand for a file.</summary>
    internal void Add(MemoryObject engine, KernelFile kernel)
    {
        _objects.Add(kernel, engine);
        _files.Add(engine, kernel);
    }

    /// <summary>True when the engine's object stands for the kernel's file. One that stands for none yet, as the engine made it itself, is bound to the file that it is compared with.</summary>
    internal bool AreSame(MemoryObject? engine, KernelFile kernel)
    {
        if (engine is null || kernel.IsNone)
            return engine is null && kernel.IsNone;
        if (_files.TryGetValue(engine, out KernelFile file))
            return file == kernel;
        if (_objects.ContainsKey(kernel))
            return false;
        Add(engine, kernel);
        return true;
    }
}
