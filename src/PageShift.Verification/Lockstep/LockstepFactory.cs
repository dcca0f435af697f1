using System.Globalization;
using PageShift.Linux.Execution;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Verification.Lockstep;

/// <summary>Makes pairs of an engine's and a kernel's empty address space. Keeps one process of the kernel's that makes no call, of which the others are copies.
/// Thread safety: none; one thread at a time. Several factories may work side by side.</summary>
public sealed class LockstepFactory : IDisposable
{
    private const ulong MostPopulatedBytes = 16UL << 20;
    private const int PairsPerMemory = 64;

    private readonly KernelActivity _activity = new();
    private KernelExecutor _pristine;
    private PhysicalMemory _memory = MakeMemory();
    private int _pairs;

    private LockstepFactory(KernelExecutor pristine, LockstepSurroundings surroundings)
    {
        _pristine = pristine;
        Surroundings = surroundings;
    }

    /// <summary>True when calls on objects that processes share can be made.</summary>
    internal bool KeepsSharedApart => _pristine.KeepsSharedApart;

    /// <summary>What both spaces of a pair begin with.</summary>
    public LockstepSurroundings Surroundings { get; internal set; }

    /// <summary>Starts the process that the others are copied from.</summary>
    /// <param name="reason">When the result is null: one sentence that says why it is not possible here.</param>
    public static LockstepFactory? TryStart(out string? reason)
    {
        KernelExecutor? executor = TryStartExecutor(out reason);
        if (executor is null)
            return null;
        LockstepSurroundings? surroundings = null;
        if (IsShownByProc(executor.ProcessId))
            surroundings = LockstepSurroundings.TryRead(executor, out reason);
        else
            reason = "/proc does not show the executor's process; it has to be of the same PID namespace";
        if (surroundings is not null)
            return new LockstepFactory(executor, surroundings);
        executor.Dispose();
        return null;
    }

    /// <summary>Makes a pair. The one before must have been disposed.</summary>
    /// <param name="policy">How the engine moves.</param>
    /// <param name="firstProcess">The thread id of the first process in the calls to come.</param>
    /// <param name="isThorough">Compares all flags after every call, not only after some.</param>
    /// <exception cref="InvalidOperationException">The kernel does not let the process be copied or started again.</exception>
    public LockstepRun Begin(MovePolicy policy, int firstProcess = 0, bool isThorough = false)
    {
        // Objects that lost their last mapping keep their frames until the memory goes.
        if (++_pairs % PairsPerMemory == 0)
        {
            _memory.Dispose();
            _memory = MakeMemory();
        }

        // What a pair before has left in the namespace would be found.
        KernelSide kernel = (_pristine.HasMadeShared ? null : KernelSide.TryBegin(_pristine, firstProcess)) ?? BeginAgain(firstProcess);
        return new LockstepRun(new EngineSide(Surroundings, _memory, policy, firstProcess), kernel, _activity, isThorough);
    }

    // A /proc of another namespace shows no such process, or one that happens to have the same number.
    private static bool IsShownByProc(int processId)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/comm")).TrimEnd() == KernelExecutor.ProcessName;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // The process is the system's first victim when memory is short; another one is as good.
    private KernelSide BeginAgain(int firstProcess)
    {
        _pristine.Dispose();
        _pristine = TryStartExecutor(out string? reason) ?? throw new InvalidOperationException($"The executor ended and could not be started again: {reason}.");
        LockstepSurroundings.SetLimits(_pristine);
        return KernelSide.TryBegin(_pristine, firstProcess) ?? throw new InvalidOperationException("The kernel could not fork the executor.");
    }

    private static KernelExecutor? TryStartExecutor(out string? reason) =>
        KernelExecutor.TryStart(new KernelExecutorOptions { MostPopulatedBytes = new ByteLength(MostPopulatedBytes) }, out reason);

    /// <summary>Ends the process.</summary>
    public void Dispose()
    {
        _pristine.Dispose();
        _memory.Dispose();
        _activity.Dispose();
    }

    private static PhysicalMemory MakeMemory() => new(new PhysicalMemoryOptions { CapacityBytes = 4UL << 30 });
}
