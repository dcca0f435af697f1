using System.Globalization;

namespace PageShift.Linux.Probing;

/// <summary>Finds the kernel's number of a tracepoint in tracefs.</summary>
internal static class Tracepoint
{
    private static readonly string[] MountPoints = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

    /// <summary>The number of <paramref name="name"/> (<c>system/event</c>), or null and the reason.</summary>
    internal static ulong? TryFind(string name, out string? reason)
    {
        foreach (string mountPoint in MountPoints)
        {
            string path = $"{mountPoint}/events/{name}/id";
            try
            {
                reason = null;
                return ulong.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture);
            }
            catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
            {
                // Not here; perhaps at the other place.
            }
            catch (UnauthorizedAccessException)
            {
                reason = "reading the kernel's tracepoints needs root";
                return null;
            }
            catch (IOException failure)
            {
                reason = $"the tracepoint {name} can't be read: {failure.Message.TrimEnd('.')}";
                return null;
            }
        }

        reason = Directory.Exists($"{MountPoints[0]}/events")
            ? $"this kernel has no tracepoint {name}"
            : "tracefs is not mounted; as root: mount -t tracefs tracefs /sys/kernel/tracing";
        return null;
    }
}
