using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>For a thread that must look again soon.</summary>
internal static class BriefPause
{
    private const int LooksWithoutPause = 8;

    // What is looked for comes after some microseconds as a rule. To the shortest sleep Linux adds 50 us (PR_SET_TIMERSLACK(2const)).
    private const int LooksBeforeSleep = 400;
    private static readonly TimeSpan Pause = TimeSpan.FromMicroseconds(20);

    /// <summary>Returns at once after the first looks, lets others run after the next ones, and sleeps for a short time later on.</summary>
    public static void AfterLook(int looks)
    {
        if (looks >= LooksBeforeSleep)
            _ = Kernel.Nanosleep(Pause);
        else if (looks >= LooksWithoutPause)
            _ = Thread.Yield();
    }
}
