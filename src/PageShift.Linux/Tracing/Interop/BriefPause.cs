using System.Runtime.InteropServices;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>usleep(3), for a thread that must look again soon.</summary>
internal static partial class BriefPause
{
    private const int LooksWithoutPause = 8;
    private const uint Microseconds = 20;

    /// <summary>Returns at once after the first looks, and after a short sleep later on.</summary>
    public static void AfterLook(int looks)
    {
        if (looks >= LooksWithoutPause)
            _ = Sleep(Microseconds);
    }

    [LibraryImport("libc", EntryPoint = "usleep")]
    private static partial int Sleep(uint microseconds);
}
