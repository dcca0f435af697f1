using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>For a thread that must look again soon.</summary>
internal static class BriefPause
{
    // On a single processor, nothing can have happened between two looks.
    private static readonly int LooksWithoutPause = IsOnlyProcessor ? 0 : 8;

    // What is looked for comes after some microseconds as a rule. To the shortest sleep Linux adds 50 us (PR_SET_TIMERSLACK(2const)).
    private const int LooksBeforeSleep = 400;
    private static readonly TimeSpan Pause = TimeSpan.FromMicroseconds(20);

    /// <summary>True where nothing else runs while this thread does.</summary>
    public static bool IsOnlyProcessor => Environment.ProcessorCount == 1;

    /// <summary>Returns at once after the first looks, lets others run after the next ones, and sleeps for a short time later on.</summary>
    public static void AfterLook(int looks)
    {
        if (looks >= LooksBeforeSleep)
            _ = Kernel.Nanosleep(Pause);
        else if (looks >= LooksWithoutPause)
            _ = Thread.Yield();
    }
}
