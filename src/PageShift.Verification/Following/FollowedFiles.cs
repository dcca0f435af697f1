using System.Globalization;
using PageShift.Linux;
using PageShift.Mappings;
using PageShift.Physical;

namespace PageShift.Verification;

/// <summary>The files that followed processes map, as the engine's objects. What a file holds does not matter here, and every one is endless.</summary>
internal sealed class FollowedFiles(PhysicalMemory memory)
{
    private const string ZeroDevice = "/dev/zero";

    private readonly Dictionary<KernelFile, MemoryObject> _objects = [];
    private readonly Dictionary<MemoryObject, KernelFile> _files = [];

    /// <summary>The object of a file.</summary>
    internal MemoryObject ObjectOf(KernelFile file, string? path)
    {
        if (_objects.TryGetValue(file, out MemoryObject? known))
            return known;
        MemoryObjectKind kind = path switch
        {
            ZeroDevice => MemoryObjectKind.ZeroDevice,
            not null when path.StartsWith("/memfd:", StringComparison.Ordinal) || path.StartsWith("/dev/shm/", StringComparison.Ordinal) => MemoryObjectKind.Memory,
            _ => MemoryObjectKind.File,
        };
        var made = new MemoryObject(memory, kind, new ByteLength(ulong.MaxValue));
        _objects.Add(file, made);
        _files.Add(made, file);
        return made;
    }

    /// <summary>True when the engine's object stands for the kernel's file. An object that the engine made itself, for shared anonymous memory, is bound to the first file that it
    /// is compared with.</summary>
    internal bool IsSame(MemoryObject? engine, KernelFile kernel)
    {
        if (engine is null || kernel.IsNone)
            return engine is null && kernel.IsNone;
        if (_files.TryGetValue(engine, out KernelFile file))
            return file == kernel;
        if (_objects.ContainsKey(kernel))
            return false;
        _files.Add(engine, kernel);
        _objects.Add(kernel, engine);
        return true;
    }

    /// <summary>What a process's file descriptor means, as /proc tells; null when it can't be read.</summary>
    internal static string? PathOf(int process, int descriptor) => ProcSetting.ReadLink(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd/{descriptor}"));

    /// <summary>True when a process's file descriptor was opened for writing too.</summary>
    internal static bool IsWritable(int process, int descriptor)
    {
        const int AccessMode = 3, ReadOnly = 0;
        try
        {
            foreach (string line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fdinfo/{descriptor}")))
            {
                if (line.StartsWith("flags:", StringComparison.Ordinal))
                    return (Convert.ToInt32(line["flags:".Length..].Trim(), fromBase: 8) & AccessMode) != ReadOnly;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Closed by another thread meanwhile, or hidden.
        }

        return true;
    }
}
