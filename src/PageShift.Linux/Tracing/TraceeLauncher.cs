using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using PageShift.Abi;
using PageShift.Linux.Tracing.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Starts a command so that the calling thread traces it from its first instruction on.
/// <para>What is started is a stub of a few instructions (<see cref="StubImage"/>), with the command's arguments on its stack. The
/// tracer seizes it, makes it install the filter, and makes it execute the command's program, which leaves nothing of the
/// stub. So the program has the process, the arguments and the environment that it would have without a tracer, and no
/// other program has to be present.</para></summary>
internal sealed class TraceeLauncher
{
    private const Ptrace.Options Followed = Ptrace.Options.MarkSystemCallStops | Ptrace.Options.StopAtFork | Ptrace.Options.StopAtVfork
        | Ptrace.Options.StopAtClone | Ptrace.Options.StopAtExec | Ptrace.Options.StopAtExit | Ptrace.Options.StopAtFilter
        | Ptrace.Options.KillWithTracer;

    private const ulong KernelSignalSetBytes = 8;
    private const long NumberSigaction = 13;
    private const long NumberPrctl = 157;
    private const long NumberSeccomp = 317;
    private const long NumberExecve = 59;
    private const ulong NoNewPrivileges = 38;
    private const ulong SetFilter = 1;

    private readonly TraceCommand _command;
    private readonly LiveProcesses _live;
    private readonly string _name;
    private StubImage _stub = null!;
    private int _process;

    private TraceeLauncher(TraceCommand command, LiveProcesses live)
    {
        _command = command;
        _live = live;
        _name = command.Arguments[0];
    }

    /// <summary>The method by which the command stops at its memory calls.</summary>
    public StopMethod Method { get; private set; } = StopMethod.EverySystemCall;

    /// <summary>The process, stopped in the new program, before its first instruction.</summary>
    public int Process => _process;

    /// <summary>Starts the command, and adds it to <paramref name="live"/>. On failure nothing is left behind.</summary>
    public static bool TryLaunch(TraceCommand command, LiveProcesses live, [NotNullWhen(true)] out TraceeLauncher? launched, [NotNullWhen(false)] out LaunchFailure? failure)
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
        if (_command.MayFilter && TryInstallFilter())
            Method = StopMethod.Filter;

        error = Execute();
        return error == Errno.None ? null : OfProgram(error, isExecuted: true);
    }

    private LaunchFailure OfProgram(Errno error, bool isExecuted) => error switch
    {
        Errno.NoSuchEntry or KernelError.NotADirectory when !isExecuted => new(TraceFailure.NotFound, error, $"{_name}: not found"),
        Errno.NoSuchEntry => new(TraceFailure.BadFormat, error, $"{_name}: its interpreter is missing"),
        Errno.NoSuchProcess => new(TraceFailure.StartFailed, error, $"{_name}: was killed before it could start"),
        KernelError.ExecFormat => new(TraceFailure.BadFormat, error, $"{_name}: not a program that this system can run"),
        Errno.AccessDenied or Errno.OperationNotPermitted => new(TraceFailure.NotExecutable, error, $"{_name}: permission denied"),
        _ => new(TraceFailure.StartFailed, error, $"{_name}: can't be started ({ErrnoName.Describe(error)}, error {((int)error).ToString(CultureInfo.InvariantCulture)})"),
    };

    private Errno StartStub()
    {
        Errno error = MemoryFile.CreateExecutable("pageshift-stub", out int file);
        if (error != Errno.None)
            return error;

        error = Files.Write(file, _stub.Bytes.Span);
        if (error == Errno.None)
            error = Spawn.Start(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file}"), _command.Arguments, Signals.Pipe, out _process);

        _ = Files.Close(file);
        if (error == Errno.None)
            _live.Add(_process);

        return error;
    }

    private Errno Seize()
    {
        Errno error = Ptrace.Seize(_process, Followed);
        if (error != Errno.None)
            return error;

        // Any other stop, such as that of the stub's own exec, uses up the interrupt.
        WaitStatus status;
        do
        {
            _ = Ptrace.Interrupt(_process);
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
            _ = TryCall(NumberSigaction, signal, _stub.DefaultActionAddress, 0, out _, KernelSignalSetBytes);
    }

    // Without CAP_SYS_ADMIN, a filter needs no_new_privs, with which a set-user-ID program gains nothing;
    // under an unprivileged tracer it would gain nothing anyway (ptrace(2), execve).
    private bool TryInstallFilter()
    {
        if (!TryCall(NumberSeccomp, SetFilter, 0, _stub.FilterAddress, out CallResult installed))
            return false;

        if (installed.Error == Errno.AccessDenied)
        {
            if (!TryCall(NumberPrctl, NoNewPrivileges, 1, 0, out CallResult restricted) || restricted.IsError)
                return false;

            if (!TryCall(NumberSeccomp, SetFilter, 0, _stub.FilterAddress, out installed))
                return false;
        }

        return !installed.IsError;
    }

    private Errno Execute()
    {
        if (Ptrace.GetRegisters(_process, out Registers registers) != Errno.None)
            return Errno.NoSuchProcess;

        // What exec put on the stub's stack: a count, the arguments, null, the environment, null.
        ulong arguments = registers.Rsp + sizeof(ulong);
        ulong environment = arguments + ((ulong)(_command.Arguments.Count + 1) * sizeof(ulong));
        if (!TryBegin(NumberExecve, _stub.PathAddress, arguments, environment))
            return Errno.NoSuchProcess;

        Errno error = WaitForStop(static status => status.Event == StopEvent.Exec || IsBreakpoint(status), out WaitStatus stopped);
        if (error != Errno.None || stopped.Event == StopEvent.Exec)
            return error;

        return Ptrace.GetRegisters(_process, out registers) == Errno.None ? new CallResult((long)registers.Rax).Error : Errno.NoSuchProcess;
    }

    private bool TryCall(long number, ulong first, ulong second, ulong third, out CallResult result, ulong fourth = 0)
    {
        result = default;
        if (!TryBegin(number, first, second, third, fourth) || WaitForStop(IsBreakpoint, out _) != Errno.None)
            return false;

        if (Ptrace.GetRegisters(_process, out Registers registers) != Errno.None)
            return false;

        result = new CallResult((long)registers.Rax);
        return true;
    }

    private bool TryBegin(long number, ulong first, ulong second, ulong third, ulong fourth = 0)
    {
        if (Ptrace.GetRegisters(_process, out Registers registers) != Errno.None)
            return false;

        registers.Rip = _stub.CallAddress;
        registers.Rax = (ulong)number;
        registers.Rdi = first;
        registers.Rsi = second;
        registers.Rdx = third;
        registers.R10 = fourth;
        registers.R8 = 0;
        registers.OrigRax = ulong.MaxValue; // The interrupted pause is not to be restarted.
        return Ptrace.SetRegisters(_process, registers) == Errno.None && Ptrace.Continue(_process, 0) == Errno.None;
    }

    private static bool IsBreakpoint(WaitStatus status) => status.Event == StopEvent.None && status.StopSignal == Signals.Trap;

    /// <summary>Waits for a stop of one kind; signals that come first are delivered. ESRCH: the process died.</summary>
    private Errno WaitForStop(Func<WaitStatus, bool> isAwaited, out WaitStatus status)
    {
        while (true)
        {
            Errno error = Wait.ForOne(_process, out status);
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

    private void LetGoOn(WaitStatus status) => _ = Ptrace.Continue(_process, status.Event == StopEvent.None ? status.StopSignal : 0);

    private void Discard()
    {
        if (_process == 0)
            return;

        _live.Remove(_process);

        _ = Processes.Kill(_process);
        while (Wait.ForOne(_process, out WaitStatus status) == Errno.None && status.IsStopped)
            _ = Ptrace.Continue(_process, 0);
    }
}
