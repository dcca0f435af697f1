using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>futex(2) on a word that two processes share.</summary>
internal static unsafe class Futex
{
    private const long Number = 202;
    private const nint WaitOperation = 0;
    private const nint WakeOperation = 1;

    /// <summary>Sleeps while the word holds <paramref name="expected"/>, for at most <paramref name="timeout"/>.</summary>
    internal static CallResult Wait(uint* word, uint expected, TimeSpan timeout)
    {
        long* time = stackalloc long[2];
        time[0] = timeout.Ticks / TimeSpan.TicksPerSecond;
        time[1] = timeout.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick;
        return SystemCall.Invoke(Number, (nint)word, WaitOperation, (nint)expected, (nint)time);
    }

    /// <summary>Wakes one sleeper.</summary>
    internal static CallResult Wake(uint* word) => SystemCall.Invoke(Number, (nint)word, WakeOperation, 1);
}
