using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>The processes that can be signalled from outside the tracing thread: to pass on a signal that was sent to the tracer,
/// and to end a cancelled run. Thread-safe; <c>_gate</c> guards every field.</summary>
internal sealed class LiveProcesses : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, SafeFileHandle> _descriptors = [];
    private readonly Dictionary<int, long> _deliveries = [];
    private readonly HashSet<int> _sent = [];
    private int _command;
    private bool _isKilling;

    /// <summary>True once <see cref="KillAll"/> was called.</summary>
    public bool IsKilling
    {
        get
        {
            lock (_gate)
                return _isKilling;
        }
    }

    /// <summary>Adds a process that the caller traces; the first one is the command, which is added before it executes its program.</summary>
    public void Add(int process)
    {
        lock (_gate)
        {
            if (_descriptors.ContainsKey(process) || Kernel.PidfdOpen(process, out _) is not { } descriptor)
                return;

            if (_command == 0)
                _command = process;

            _descriptors.Add(process, descriptor);
            if (_isKilling)
                _ = Kernel.PidfdSendSignal(descriptor, Signals.Kill);
        }
    }

    /// <summary>Removes a process that has ended.</summary>
    public void Remove(int process)
    {
        lock (_gate)
        {
            if (_descriptors.Remove(process, out SafeFileHandle? descriptor))
                descriptor.Dispose();
        }
    }

    /// <summary>Notes that a signal is about to be delivered to a process.</summary>
    public void NoteDelivery(int process, int signal)
    {
        lock (_gate)
        {
            if (process == _command && !_sent.Remove(signal))
                _deliveries[signal] = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>True when the traced command has got a signal from others since <paramref name="time"/>, in ticks of <see cref="Stopwatch"/>, or is about to. Each that it has got counts once.</summary>
    public bool TakeDelivery(int signal, long time)
    {
        lock (_gate)
            return (_deliveries.Remove(signal, out long delivered) && delivered >= time) || PendingSignals.Has(_command, signal);
    }

    /// <summary>Sends a signal to the traced command, when it still runs.</summary>
    public void SignalCommand(int signal)
    {
        lock (_gate)
        {
            if (!_descriptors.TryGetValue(_command, out SafeFileHandle? descriptor))
                return;
            _ = _sent.Add(signal);
            _ = Kernel.PidfdSendSignal(descriptor, signal);
        }
    }

    /// <summary>Kills every process, and every one that is added from now on.</summary>
    public void KillAll()
    {
        lock (_gate)
        {
            _isKilling = true;
            foreach (SafeFileHandle descriptor in _descriptors.Values)
                _ = Kernel.PidfdSendSignal(descriptor, Signals.Kill);
        }
    }

    /// <summary>Closes what is left.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (SafeFileHandle descriptor in _descriptors.Values)
                descriptor.Dispose();

            _descriptors.Clear();
        }
    }
}
