using System.Globalization;
using PageShift.Calls.Execution;
using PageShift.Linux.Settings;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Following;

/// <summary>The files that followed processes map, as the engine's objects. What a file holds does not matter here, and every one is endless.</summary>
internal sealed class FollowedFiles(PhysicalMemory memory)
{
    private static readonly string[] DriverFolders = ["/dev/", "/sys/", "/proc/"];

    // In /dev too: shared anonymous memory, and file systems.
    private static readonly string[] OtherFolders = [CallPaths.ZeroDevice, "/dev/hugepages", "/dev/mqueue"];

    private readonly HashSet<MemoryObject> _ofDrivers = [];
    private MemoryObject? _zeroDevice;

    /// <summary>Which object stands for which file.</summary>
    internal FilePairs Pairs { get; } = new();

    /// <summary>The object of a file that a descriptor or a mapping shows.</summary>
    /// <param name="file">The file that the mapping shows.</param>
    /// <param name="path">Its path, or the descriptor's.</param>
    /// <param name="isShared">True when a shared mapping was made by a descriptor.</param>
    internal MemoryObject ObjectOf(KernelFile file, string? path, bool isShared = false)
    {
        // A shared mapping of /dev/zero shows a file of its own, which the engine makes.
        if (isShared && path == CallPaths.ZeroDevice)
            return _zeroDevice ??= new MemoryObject(memory, MemoryObjectKind.ZeroDevice, new ByteLength(ulong.MaxValue));
        if (Pairs.TryGetObject(file, out MemoryObject? known))
            return known;
        var made = new MemoryObject(memory, CallPaths.KindOf(path), new ByteLength(ulong.MaxValue));
        Pairs.Add(made, file);
        if (IsOfDriver(path))
            _ = _ofDrivers.Add(made);
        return made;
    }

    /// <summary>True for what stands for a driver's memory: what may be done with it, the driver decides.</summary>
    internal bool IsOfDriver(MemoryObject? shown) => shown is not null && _ofDrivers.Contains(shown);

    /// <summary>True for a path that leads to a driver: a device, a file that the kernel makes up, or one without a name in any folder, such as "anon_inode:[perf_event]" and "socket:[1]".</summary>
    internal static bool IsOfDriver(string? path) => path is { Length: > 0 } && CallPaths.KindOf(path) == MemoryObjectKind.File
        && (path[0] != '/' || DriverFolders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)))
        && !OtherFolders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal));

    /// <summary>True for what stands for /dev/zero where it is mapped shared: no mapping shows it.</summary>
    internal bool IsSharedZeroDevice(MemoryObject shown) => shown == _zeroDevice;

    /// <summary>What a file descriptor means to a thread, as /proc tells; null when it can't be read. A thread may have descriptors of its own, and its process's first thread may have ended.</summary>
    internal static string? PathOf(int process, int thread, int descriptor) =>
        ProcSetting.ReadLink(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task/{thread}/fd/{descriptor}"));

    /// <summary>True when a thread's file descriptor was opened for writing too.</summary>
    internal static bool IsWritable(int process, int thread, int descriptor)
    {
        try
        {
            foreach (string line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task/{thread}/fdinfo/{descriptor}")))
            {
                if (line.StartsWith("flags:", StringComparison.Ordinal))
                    return CallPaths.CanWrite(Convert.ToUInt64(line["flags:".Length..].Trim(), fromBase: 8));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Closed by another thread meanwhile, or hidden.
        }

        return true;
    }
}
