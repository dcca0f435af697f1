using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Keeps SIGCHLD from being sent for the stops of traced threads, of which there are two per call; without that, every
/// one would run the .NET runtime's handler, once it has installed one (measured: a traced call then takes three times as long).
/// The ends of children are still signalled. Counted, because several runs can be in progress; <c>Gate</c> guards
/// the static fields. Source: sigaction(2), SA_NOCLDSTOP.</summary>
internal sealed class ChildSignal : IDisposable
{
    private static readonly Lock Gate = new();
    private static int _users;
    private static bool _isChanged;

    /// <summary>Takes effect until disposed.</summary>
    public ChildSignal()
    {
        lock (Gate)
        {
            if (_users++ == 0)
                _isChanged = TrySetFlag(true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (Gate)
        {
            if (--_users == 0 && _isChanged)
                _ = TrySetFlag(false);
        }
    }

    private static bool TrySetFlag(bool isSet)
    {
        if (Kernel.RtSigactionGet(Signals.Child, out SignalAction action).IsError || ((action.Flags & SignalAction.NotForStops) != 0) == isSet)
            return false;

        action.Flags ^= SignalAction.NotForStops;
        return !Kernel.RtSigactionSet(Signals.Child, in action).IsError;
    }
}
