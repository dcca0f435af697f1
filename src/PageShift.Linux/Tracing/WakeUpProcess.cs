using Microsoft.Win32.SafeHandles;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>A child of the tracing thread whose only purpose is to end: a thread that waits for changes of state of its children and tracees can't be woken otherwise without the risk
/// that the waking comes just before the wait. It sleeps until it is killed, and dies with the tracer.</summary>
internal sealed class WakeUpProcess : IDisposable
{
    private readonly SafeFileHandle _descriptor;
    private bool _isWaitedFor;

    private WakeUpProcess(int id, SafeFileHandle descriptor)
    {
        Id = id;
        _descriptor = descriptor;
    }

    /// <summary>Its number, which the wait reports when it has ended.</summary>
    public int Id { get; }

    /// <summary>Starts it, as a child of the calling thread; null and the error when that fails.</summary>
    public static WakeUpProcess? TryStart(out Errno error)
    {
        using SafeFileHandle? file = Kernel.MemfdCreateExecutable("pageshift-wake", out error);
        if (file is null)
            return null;
        CallResult started = Kernel.Write(file, new StubImage(SeccompFilter.ForMemoryCalls(), "").Bytes.Span);
        if (!started.IsError)
            started = Kernel.PosixSpawn(file, ["pageshift-wake"], Signals.Pipe);
        error = started.Error;
        if (started.IsError)
            return null;

        // It is traced for one reason: so that the kernel ends it with the tracer.
        int id = (int)started.Raw;
        error = Kernel.PtraceSeize(id, PtraceOptions.KillWithTracer).Error;
        if (error == Errno.None && Kernel.PidfdOpen(id, out error) is { } descriptor)
            return new WakeUpProcess(id, descriptor);
        _ = Kernel.Kill(id, Signals.Kill);
        _ = Kernel.Wait4(id, out _);
        return null;
    }

    /// <summary>Ends the wait of the tracing thread, now or when it comes to it. Thread-safe, and once is enough.</summary>
    public void Wake() => _ = Kernel.PidfdSendSignal(_descriptor, Signals.Kill);

    /// <summary>Takes a change of its state; true when that is its end.</summary>
    public bool OnChange(WaitStatus status)
    {
        if (status.IsStopped)
            _ = Kernel.PtraceContinue(Id, status.Event == StopEvent.None ? status.StopSignal : 0);
        else
            _isWaitedFor = true;
        return _isWaitedFor;
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        Wake();
        while (!_isWaitedFor && !Kernel.Wait4(Id, out WaitStatus status).IsError)
            _ = OnChange(status);
        _descriptor.Dispose();
    }
}
