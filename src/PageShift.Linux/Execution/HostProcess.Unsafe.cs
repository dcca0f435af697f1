using Microsoft.Win32.SafeHandles;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Units;

namespace PageShift.Linux.Execution;

/// <summary>One process that runs the host, and the conversation with it: one request at a time.
/// Thread safety: none; one thread at a time.</summary>
internal sealed unsafe class HostProcess : IDisposable
{
    // A few microseconds: long enough to answer a runner that asks again at once, short enough
    // not to take a processor from a runner that thinks in between.
    private const long HostSpins = 100;
    private const int RunnerSpins = 300;
    private static readonly TimeSpan LifeCheckInterval = TimeSpan.FromMilliseconds(50);

    private readonly HostFile _file;
    private readonly int _slot;
    private readonly SafeFileHandle _process;
    private readonly bool _isOwnChild;
    private HostControl* _control;
    private uint _request;

    private HostProcess(HostFile file, int slot, nint address, int processId, SafeFileHandle process, bool isOwnChild)
    {
        _file = file;
        _slot = slot;
        _control = (HostControl*)address;
        ProcessId = processId;
        _process = process;
        _isOwnChild = isOwnChild;
    }

    /// <summary>The process's number.</summary>
    internal int ProcessId { get; }

    /// <summary>False once the process was found to have ended.</summary>
    internal bool IsAlive { get; private set; } = true;

    /// <summary>The bytes of the slot that calls may use for their own data.</summary>
    internal Span<byte> Scratch => new((byte*)Control + HostLayout.ScratchOffset, (int)HostLayout.ScratchBytes);

    /// <summary>Where <see cref="Scratch"/> lies for the process.</summary>
    internal ulong ScratchAddress => HostLayout.SlotAddress(_slot) + HostLayout.ScratchOffset;

    private HostControl* Control
    {
        get
        {
            ObjectDisposedException.ThrowIf(_control == null, this);
            return _control;
        }
    }

    /// <summary>Starts a process.</summary>
    internal static HostProcess? TryStart(out string? reason)
    {
        HostFile? file = HostFile.TryCreate(out Errno error);
        if (file is null)
        {
            reason = $"the executor's memory file could not be made: {ErrnoName.Of(error)}";
            return null;
        }

        if (file.TryTakeSlot(out nint address) is not int slot)
        {
            file.Handle.Dispose();
            reason = "the executor's memory file could not be mapped";
            return null;
        }

        *(HostControl*)address = HostControl.Initial(slot, HostSpins);
        CallResult started = StartWithFixedAddresses(file);
        if (TryHold(started, out error) is not SafeFileHandle process)
        {
            file.ReturnSlot(slot, address);
            reason = $"the executor's process could not be started: {ErrnoName.Of(error)}";
            return null;
        }

        reason = null;
        return new HostProcess(file, slot, address, (int)started.Raw, process, isOwnChild: true);
    }

    /// <summary>Forks the process. The new one answers on its own.</summary>
    /// <returns>The result of the fork as the parent saw it.</returns>
    internal CallResult Fork(out HostProcess? child)
    {
        child = null;
        if (_file.TryTakeSlot(out nint address) is not int slot) return Errno.TryAgain;
        *(HostControl*)address = HostControl.Initial(slot, HostSpins);
        HostControl* control = Control;
        control->First = HostLayout.SlotAddress(slot);
        CallResult forked = Ask(HostRequest.Fork) ? new CallResult(control->Result) : Errno.NoSuchProcess;
        if (TryHold(forked, out Errno error) is not SafeFileHandle process)
        {
            _file.ReturnSlot(slot, address);
            return error;
        }

        child = new HostProcess(_file, slot, address, (int)forked.Raw, process, isOwnChild: false);
        return forked;
    }

    /// <summary>Makes a system call in the process.</summary>
    /// <returns>False when the process has ended.</returns>
    internal bool Call(CallNumber number, in CallArguments arguments, out CallResult result, out long nanoseconds)
    {
        HostControl* control = Control;
        control->Number = (ulong)number;
        control->First = arguments.First;
        control->Second = arguments.Second;
        control->Third = arguments.Third;
        control->Fourth = arguments.Fourth;
        control->Fifth = arguments.Fifth;
        control->Sixth = arguments.Sixth;
        bool answered = Ask(HostRequest.Call);
        result = new CallResult(control->Result);
        nanoseconds = (control->EndSeconds - control->StartSeconds) * 1_000_000_000 + control->EndNanoseconds - control->StartNanoseconds;
        return answered;
    }

    /// <summary>Touches memory as a program does, by the processor's own loads and stores.</summary>
    /// <returns>False when the process has ended.</returns>
    internal bool Access(HostRequest kind, ulong destination, ulong source, ulong bytes, out MemoryAccess access)
    {
        HostControl* control = Control;
        control->First = destination;
        control->Second = source;
        control->Third = bytes;
        bool answered = Ask(kind);
        access = new MemoryAccess(new ByteLength(bytes - (ulong)control->Result), control->Signal,
            control->Signal == 0 ? 0 : control->SignalCode, new VirtualAddress(control->Signal == 0 ? 0 : control->FaultAddress), Refusal.None);
        return answered;
    }

    /// <summary>Ends the process and gives its slot back.</summary>
    public void Dispose()
    {
        if (_control == null) return;
        _ = Kernel.PidfdSendSignal(_process, Signals.Kill);
        // The slot may be given away only when nobody can write to it any more.
        _ = Kernel.Poll(_process, -1);
        if (_isOwnChild) _ = Kernel.Wait4ForEnd(ProcessId);
        _process.Dispose();
        nint address = (nint)_control;
        _control = null;
        IsAlive = false;
        _file.ReturnSlot(_slot, address);
    }

    // Addresses chosen at random would be no harm, but a run could then not be repeated.
    private static CallResult StartWithFixedAddresses(HostFile file)
    {
        CallResult before = Kernel.Personality(null);
        if (!before.IsError) _ = Kernel.Personality((uint)before.Raw | Kernel.WithoutRandomizedAddresses);
        // A process group of its own: Ctrl-C on a terminal is for the runner, which ends what it has started in its own order.
        CallResult started = Kernel.PosixSpawnIsolated(file.Handle, HostLayout.FileDescriptor);
        if (!before.IsError) _ = Kernel.Personality((uint)before.Raw);
        return started;
    }

    private static SafeFileHandle? TryHold(CallResult process, out Errno error)
    {
        error = process.Error;
        return process.IsError ? null : Kernel.PidfdOpen((int)process.Raw, out error);
    }

    private bool Ask(HostRequest kind)
    {
        if (!IsAlive) return false;
        HostControl* control = Control;
        control->Kind = kind;
        uint request = ++_request;
        // The exchange is a full barrier: the request is visible before HostSleeps is read.
        _ = Interlocked.Exchange(ref control->Request, request);
        if (Volatile.Read(ref control->HostSleeps) != 0) _ = Kernel.FutexWake(&control->Request);

        for (int spin = 0; spin < RunnerSpins; spin++)
        {
            if (Volatile.Read(ref control->Response) == request) return true;
            Thread.SpinWait(1);
        }

        return SleepUntilAnswered(control, request);
    }

    private bool SleepUntilAnswered(HostControl* control, uint request)
    {
        _ = Interlocked.Exchange(ref control->RunnerSleeps, 1);
        uint response;
        while ((response = Volatile.Read(ref control->Response)) != request)
        {
            CallResult slept = Kernel.FutexWait(&control->Response, response, LifeCheckInterval);
            if (slept.IsError && Volatile.Read(ref control->Response) != request && Kernel.Poll(_process, 0).Raw > 0)
            {
                IsAlive = Volatile.Read(ref control->Response) == request;
                break;
            }
        }

        Volatile.Write(ref control->RunnerSleeps, 0);
        return IsAlive;
    }
}
