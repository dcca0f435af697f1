using System.Runtime.InteropServices;

namespace PageShift.Cli.Commands;

/// <summary>Lets long work end at Ctrl-C, or at SIGTERM, with what it has found so far. A second signal ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    private const int Interrupt = 2;
    private const int Terminate = 15;

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private volatile int _signal;

    /// <summary>From here on the first of the two signals does not end the process.</summary>
    internal Interruption()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    }

    /// <summary>Cancelled by a signal.</summary>
    internal CancellationToken Token => _stop.Token;

    /// <summary>The number of the signal that came last; 0 for none.</summary>
    internal int Signal => _signal;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _stop.Dispose();
    }

    /// <summary>A signal has come.</summary>
    internal void Stop(PosixSignalContext context)
    {
        context.Cancel = !_stop.IsCancellationRequested;
        _signal = context.Signal == PosixSignal.SIGINT ? Interrupt : Terminate;
        _stop.Cancel();
    }
}
