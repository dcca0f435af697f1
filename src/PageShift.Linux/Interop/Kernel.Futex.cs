using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>futex(2) on a word that two processes share.</content>
internal static unsafe partial class Kernel
{
    private const nint FutexWaitOperation = 0;
    private const nint FutexWakeOperation = 1;

    /// <summary>Sleeps while the word holds <paramref name="expected"/>, for at most <paramref name="timeout"/>.</summary>
    internal static CallResult FutexWait(uint* word, uint expected, TimeSpan timeout)
    {
        Timespec time = Timespec.Of(timeout);
        return Invoke(CallNumber.Futex, (nint)word, FutexWaitOperation, (nint)expected, (nint)(&time));
    }

    /// <summary>Wakes one sleeper.</summary>
    internal static CallResult FutexWake(uint* word) => Invoke(CallNumber.Futex, (nint)word, FutexWakeOperation, 1);
}
