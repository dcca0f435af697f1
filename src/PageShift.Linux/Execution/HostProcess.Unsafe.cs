using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux;

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
    private readonly int _processDescriptor;
    private readonly bool _isOwnChild;
    private HostControl* _control;
    private uint _request;

    private HostProcess(HostFile file, int slot, nint address, int processId, int processDescriptor, bool isOwnChild)
    {
        _file = file;
        _slot = slot;
        _control = (HostControl*)address;
        ProcessId = processId;
        _processDescriptor = processDescriptor;
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
            _ = FileDescriptor.Close(file.Descriptor);
            reason = "the executor's memory file could not be mapped";
            return null;
        }

        *(HostControl*)address = HostControl.Initial(slot, HostSpins);
        CallResult started = StartWithFixedAddresses(file);
        CallResult opened = started.IsError ? started : ProcessDescriptor.Open((int)started.Raw);
        if (opened.IsError)
        {
            file.ReturnSlot(slot, address);
            reason = $"the executor's process could not be started: {ErrnoName.Of(opened.Error)}";
            return null;
        }

        reason = null;
        return new HostProcess(file, slot, address, (int)started.Raw, (int)opened.Raw, isOwnChild: true);
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
        CallResult opened = forked.IsError ? forked : ProcessDescriptor.Open((int)forked.Raw);
        if (opened.IsError)
        {
            _file.ReturnSlot(slot, address);
            return opened;
        }

        child = new HostProcess(_file, slot, address, (int)forked.Raw, (int)opened.Raw, isOwnChild: false);
        return forked;
    }

    /// <summary>Makes a system call in the process.</summary>
    /// <returns>False when the process has ended.</returns>
    internal bool Call(long number, in CallArguments arguments, out CallResult result, out long nanoseconds)
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
        _ = ProcessDescriptor.Kill(_processDescriptor);
        // The slot may be given away only when nobody can write to it any more.
        _ = ProcessDescriptor.WaitForEnd(_processDescriptor, -1);
        if (_isOwnChild) _ = ProcessDescriptor.Reap(ProcessId);
        _ = FileDescriptor.Close(_processDescriptor);
        nint address = (nint)_control;
        _control = null;
        IsAlive = false;
        _file.ReturnSlot(_slot, address);
    }

    // Addresses chosen at random would be no harm, but a run could then not be repeated.
    private static CallResult StartWithFixedAddresses(HostFile file)
    {
        CallResult before = Personality.Get();
        if (!before.IsError) _ = Personality.Set((uint)before.Raw | Personality.WithoutRandomizedAddresses);
        CallResult started = ProcessSpawn.Start($"/proc/self/fd/{file.Descriptor}", file.Descriptor, HostLayout.FileDescriptor);
        if (!before.IsError) _ = Personality.Set((uint)before.Raw);
        return started;
    }

    private bool Ask(HostRequest kind)
    {
        if (!IsAlive) return false;
        HostControl* control = Control;
        control->Kind = kind;
        uint request = ++_request;
        // The exchange is a full barrier: the request is visible before HostSleeps is read.
        _ = Interlocked.Exchange(ref control->Request, request);
        if (Volatile.Read(ref control->HostSleeps) != 0) _ = Futex.Wake(&control->Request);

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
            CallResult slept = Futex.Wait(&control->Response, response, LifeCheckInterval);
            if (slept.IsError && Volatile.Read(ref control->Response) != request && ProcessDescriptor.WaitForEnd(_processDescriptor, 0))
            {
                IsAlive = Volatile.Read(ref control->Response) == request;
                break;
            }
        }

        Volatile.Write(ref control->RunnerSleeps, 0);
        return IsAlive;
    }
}
