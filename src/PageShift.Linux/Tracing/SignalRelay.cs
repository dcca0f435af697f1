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
    // So long before or after the tracer got a signal, the command gets it too when it was sent to both.
    private static readonly TimeSpan TogetherWithin = TimeSpan.FromMilliseconds(100);

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
        long now = Stopwatch.GetTimestamp(), earliest = now - TogetherWithin.Ticks * (Stopwatch.Frequency / TimeSpan.TicksPerSecond);
        while (!_processes.HasCommandGot(signal, earliest))
        {
            if (Stopwatch.GetElapsedTime(now) >= TogetherWithin)
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
