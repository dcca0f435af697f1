using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>For a thread that must look again soon.</summary>
internal static class BriefPause
{
    private const int LooksWithoutPause = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromMicroseconds(20);

    /// <summary>Returns at once after the first looks, and after a short sleep later on.</summary>
    public static void AfterLook(int looks)
    {
        if (looks >= LooksWithoutPause)
            _ = Kernel.Nanosleep(Pause);
    }
}
