using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Keeps the tracer alive under the signals by which people end programs, and lets the traced command decide.
/// Ctrl-C and Ctrl-\ reach the command from the terminal itself, which sends them to the whole foreground group; what was
/// sent to the tracer alone is passed on; what was sent to a group that both are in, the command has got already.</summary>
internal sealed class SignalRelay : IDisposable
{
    // When a signal was sent to both, the command may get it so long before the tracer hears of its own, for which .NET has threads of its own, and so long after.
    private static readonly TimeSpan Earliest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Latest = TimeSpan.FromMilliseconds(100);

    private readonly LiveProcesses _processes;
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Takes effect until disposed.</summary>
    public SignalRelay(LiveProcesses processes)
    {
        _processes = processes;
        _registrations =
        [
            Register(PosixSignal.SIGINT, Signals.Interrupt, isSentByTerminal: true),
            Register(PosixSignal.SIGQUIT, Signals.Quit, isSentByTerminal: true),
            Register(PosixSignal.SIGTERM, Signals.Terminate, isSentByTerminal: false),
            Register(PosixSignal.SIGHUP, Signals.Hangup, isSentByTerminal: false),
        ];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal, int number, bool isSentByTerminal) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            if (!isSentByTerminal || !IsInForeground())
                PassOn(number);
        });

    private void PassOn(int signal)
    {
        long now = Stopwatch.GetTimestamp(), earliest = now - (long)(Earliest.TotalSeconds * Stopwatch.Frequency);
        while (!_processes.TakeDelivery(signal, earliest))
        {
            if (Stopwatch.GetElapsedTime(now) >= Latest)
            {
                _processes.SignalCommand(signal);
                return;
            }

            Thread.Sleep(TimeSpan.FromMilliseconds(1));
        }
    }

    /// <summary>True when this process belongs to the group to which its terminal sends Ctrl-C.</summary>
    private static bool IsInForeground()
    {
        using SafeFileHandle? terminal = Kernel.Openat("/dev/tty", out _);
        return terminal is not null && Kernel.IoctlForegroundGroup(terminal) == Kernel.Getpgrp();
    }
}
