using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Linux.Processes;

namespace PageShift.Linux.Tracing;

/// <summary>Starts a command so that the calling thread traces it from its first instruction on.
/// <para>What is started is a stub of a few instructions (<see cref="StubImage"/>), with the command's arguments on its stack. The
/// tracer seizes it, makes it install the filter, and makes it execute the command's program, which leaves nothing of the
/// stub. So the program has the process, the arguments and the environment that it would have without a tracer, and no
/// other program has to be present.</para></summary>
internal sealed class TraceeLauncher
{
    private const PtraceOptions Followed = PtraceOptions.MarkSystemCallStops | PtraceOptions.StopAtFork | PtraceOptions.StopAtVfork
        | PtraceOptions.StopAtClone | PtraceOptions.StopAtExec | PtraceOptions.StopAtExit | PtraceOptions.StopAtFilter
        | PtraceOptions.KillWithTracer;

    // Up to Linux 5.15 a filter without this flag slows its threads down, to guard against speculation.
    private const ulong AllowSpeculation = 4;

    private readonly TracedCommand _command;
    private readonly LiveProcesses _live;
    private readonly string _name;
    private StubImage _stub = null!;
    private int _process;

    private TraceeLauncher(TracedCommand command, LiveProcesses live)
    {
        _command = command;
        _live = live;
        _name = command.Arguments[0];
    }

    /// <summary>The method by which the command stops at its memory calls.</summary>
    public StopMethod Method { get; private set; } = StopMethod.EverySystemCall;

    /// <summary>What the tracer has added to the command's security.</summary>
    public HiddenSecurity Hidden { get; private set; }

    /// <summary>The process, stopped in the new program, before its first instruction.</summary>
    public int Process => _process;

    /// <summary>Starts the command, and adds it to <paramref name="live"/>. On failure nothing is left behind.</summary>
    public static bool TryLaunch(TracedCommand command, LiveProcesses live, [NotNullWhen(true)] out TraceeLauncher? launched, [NotNullWhen(false)] out LaunchFailure? failure)
    {
        var launcher = new TraceeLauncher(command, live);
        failure = launcher.Launch();
        if (failure != null)
            launcher.Discard();

        launched = failure == null ? launcher : null;
        return failure == null;
    }

    private LaunchFailure? Launch()
    {
        Errno error = ProgramSearch.Find(_name, out string path);
        if (error != Errno.None)
            return OfProgram(error, isExecuted: false);

        _stub = new StubImage(SeccompFilter.ForMemoryCalls(), path);
        error = StartStub();
        if (error != Errno.None)
            return new(error is Errno.AccessDenied or Errno.OperationNotPermitted ? TraceFailure.NotPermitted : TraceFailure.StartFailed, error,
                $"{_name} can't be traced: starting a process from a file in memory failed ({ErrnoName.Describe(error)})");

        error = Seize();
        if (error == Errno.NoSuchProcess)
            return OfProgram(error, isExecuted: false);

        if (error != Errno.None)
            return new(TraceFailure.NotPermitted, error,
                $"{_name} can't be traced: ptrace is not permitted here ({ErrnoName.Describe(error)}); a container needs the capability SYS_PTRACE, kernel.yama.ptrace_scope must be below 2, and no other tracer may follow this process");

        RestoreInternalSignals();
        RestoreFileLimit();
        if (_command.MayFilter && TryInstallFilter())
            Method = StopMethod.Filter;

        error = Execute();
        if (error != Errno.None)
            return OfProgram(error, isExecuted: true);

        // Before the program's first instruction: it is not run for nothing.
        if (ProcessReader.TryOpen(_process, out error) is not { } reader)
            return new(TraceFailure.NotPermitted, error, $"{_name} can't be traced: this user may execute it and not read it, so that the kernel hides its memory ({ErrnoName.Describe(error)})");

        reader.Dispose();
        return null;
    }

    private LaunchFailure OfProgram(Errno error, bool isExecuted) => error switch
    {
        Errno.NoSuchEntry or Errno.NotADirectory when !isExecuted => new(TraceFailure.NotFound, error, $"{_name}: not found"),
        Errno.NoSuchEntry => new(TraceFailure.BadFormat, error, $"{_name}: its interpreter is missing"),
        Errno.NoSuchProcess => new(TraceFailure.StartFailed, error, $"{_name}: was killed before it could start"),
        Errno.NoExecutableFormat => new(TraceFailure.BadFormat, error, $"{_name}: not a program that this system can run"),
        Errno.AccessDenied when Directory.Exists(_name) => new(TraceFailure.NotExecutable, error, $"{_name}: is a directory"),
        Errno.AccessDenied or Errno.OperationNotPermitted => new(TraceFailure.NotExecutable, error, $"{_name}: permission denied"),
        _ => new(TraceFailure.StartFailed, error, $"{_name}: can't be started ({ErrnoName.Describe(error)}, error {((int)error).ToString(CultureInfo.InvariantCulture)})"),
    };

    private Errno StartStub()
    {
        using SafeFileHandle? file = Kernel.MemfdCreateExecutable("pageshift-stub", out Errno error);
        if (file is null)
            return error;

        CallResult started = Kernel.Write(file, _stub.Bytes.Span);
        if (!started.IsError)
            started = Kernel.PosixSpawn(file, _command.Arguments, Signals.Pipe);

        if (started.IsError)
            return started.Error;

        _process = (int)started.Raw;
        _live.Add(_process);
        return Errno.None;
    }

    private Errno Seize()
    {
        Errno error = Kernel.PtraceSeize(_process, Followed).Error;
        if (error != Errno.None)
            return error;

        // Any other stop, such as that of the stub's own exec, uses up the interrupt.
        WaitStatus status;
        do
        {
            _ = Kernel.PtraceInterrupt(_process);
            error = WaitForStop(static _ => true, out status);
            if (error == Errno.None && status.Event != StopEvent.Stop)
                LetGoOn(status);
        }
        while (error == Errno.None && status.Event != StopEvent.Stop);

        return error;
    }

    // glibc's posix_spawn leaves its two internal signals ignored, which the program would inherit.
    private void RestoreInternalSignals()
    {
        for (ulong signal = Signals.FirstInternal; signal <= Signals.LastInternal; signal++)
            _ = TryCall(CallNumber.RtSigaction, signal, StubImage.DefaultActionAddress, 0, out _, Kernel.SignalSetBytes);
    }

    // .NET raises its limit of open files to the most that it may have, as it starts. What it had before, the process that started it shows as a rule.
    private void RestoreFileLimit()
    {
        const int OpenFiles = 7; // RLIMIT_NOFILE
        bool mayBeRaised = !Kernel.Prlimit64(_process, OpenFiles, out ulong soft, out ulong hard).IsError && soft == hard;
        if (mayBeRaised && TaskIdentity.TryRead(Environment.ProcessId, out TaskIdentity own)
            && !Kernel.Prlimit64(own.Parent, OpenFiles, out ulong before, out ulong most).IsError && most == hard && before < hard)
            _ = Kernel.Prlimit64(_process, OpenFiles, before, hard);
    }

    // Without CAP_SYS_ADMIN, a filter needs no_new_privs, with which a set-user-ID program gains nothing;
    // under an unprivileged tracer it would gain nothing anyway (ptrace(2), execve).
    private bool TryInstallFilter()
    {
        SecurityState before = SecurityState.Of(_process);
        if (!TrySetFilter(out CallResult installed))
            return false;

        if (installed.Error == Errno.AccessDenied)
        {
            if (!TryCall(CallNumber.Prctl, RevealingCalls.SetNoNewPrivileges, 1, 0, out CallResult restricted) || restricted.IsError)
                return false;

            Hidden = new HiddenSecurity(IsOnlyFilter: false, !before.HasNoNewPrivileges);
            if (!TrySetFilter(out installed))
                return false;
        }

        Hidden = Hidden with { IsOnlyFilter = !installed.IsError && before.Filters == 0 };
        return !installed.IsError;
    }

    private bool TrySetFilter(out CallResult installed) =>
        TryCall(CallNumber.Seccomp, RevealingCalls.SetFilter, AllowSpeculation, StubImage.FilterAddress, out installed);

    private Errno Execute()
    {
        if (Kernel.PtraceGetRegisters(_process, out Registers registers).IsError)
            return Errno.NoSuchProcess;

        // What exec put on the stub's stack: a count, the arguments, null, the environment, null.
        ulong arguments = registers.Rsp + sizeof(ulong);
        ulong environment = arguments + ((ulong)(_command.Arguments.Count + 1) * sizeof(ulong));
        if (!TryBegin(CallNumber.Execve, _stub.PathAddress, arguments, environment))
            return Errno.NoSuchProcess;

        Errno error = WaitForStop(static status => status.Event == StopEvent.Exec || IsBreakpoint(status), out WaitStatus stopped);
        if (error != Errno.None || stopped.Event == StopEvent.Exec)
            return error;

        return Kernel.PtraceGetRegisters(_process, out registers).IsError ? Errno.NoSuchProcess : new CallResult((long)registers.Rax).Error;
    }

    private bool TryCall(CallNumber number, ulong first, ulong second, ulong third, out CallResult result, ulong fourth = 0)
    {
        result = default;
        if (!TryBegin(number, first, second, third, fourth) || WaitForStop(IsBreakpoint, out _) != Errno.None)
            return false;

        if (Kernel.PtraceGetRegisters(_process, out Registers registers).IsError)
            return false;

        result = new CallResult((long)registers.Rax);
        return true;
    }

    private bool TryBegin(CallNumber number, ulong first, ulong second, ulong third, ulong fourth = 0)
    {
        if (Kernel.PtraceGetRegisters(_process, out Registers registers).IsError)
            return false;

        registers.Rip = StubImage.CallAddress;
        registers.Rax = (ulong)number;
        registers.Rdi = first;
        registers.Rsi = second;
        registers.Rdx = third;
        registers.R10 = fourth;
        registers.R8 = 0;
        registers.OrigRax = ulong.MaxValue; // The interrupted pause is not to be restarted.
        return !Kernel.PtraceSetRegisters(_process, registers).IsError && !Kernel.PtraceContinue(_process).IsError;
    }

    private static bool IsBreakpoint(WaitStatus status) => status.Event == StopEvent.None && status.StopSignal == Signals.Trap;

    /// <summary>Waits for a stop of one kind; signals that come first are delivered. ESRCH: the process died.</summary>
    private Errno WaitForStop(Func<WaitStatus, bool> isAwaited, out WaitStatus status)
    {
        while (true)
        {
            Errno error = Kernel.Wait4(_process, out status).Error;
            if (error != Errno.None)
                return error;

            if (!status.IsStopped)
            {
                _process = 0;
                return Errno.NoSuchProcess;
            }

            if (isAwaited(status))
                return Errno.None;

            LetGoOn(status);
        }
    }

    private void LetGoOn(WaitStatus status) => _ = Kernel.PtraceContinue(_process, status.Event == StopEvent.None ? status.StopSignal : 0);

    private void Discard()
    {
        if (_process == 0)
            return;

        _live.Remove(_process);

        _ = Kernel.Kill(_process, Signals.Kill);
        while (!Kernel.Wait4(_process, out WaitStatus status).IsError && status.IsStopped)
            _ = Kernel.PtraceContinue(_process);
    }
}
