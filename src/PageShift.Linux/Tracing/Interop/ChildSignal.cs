using System.Runtime.InteropServices;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>Keeps SIGCHLD from being sent for the stops of traced threads, of which there are two per call; without that, every
/// one would run the .NET runtime's handler, once it has installed one (measured: a traced call then takes three times as long).
/// The ends of children are still signalled. Counted, because several runs can be in progress; <c>Gate</c> guards
/// the static fields. Source: sigaction(2), SA_NOCLDSTOP.</summary>
internal sealed unsafe partial class ChildSignal : IDisposable
{
    private const int NotForStops = 1;

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
        Action action;
        if (Exchange(Signals.Child, null, &action) != 0 || ((action.Flags & NotForStops) != 0) == isSet)
            return false;

        action.Flags ^= NotForStops;
        return Exchange(Signals.Child, &action, null) == 0;
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int Exchange(int signal, Action* action, Action* former);

    /// <summary><c>struct sigaction</c> of glibc and musl, 152 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Action
    {
        public nint Handler;
        private fixed byte _mask[Spawn.SignalSetBytes];
        public int Flags;
        private readonly nint _restorer;
    }
}
