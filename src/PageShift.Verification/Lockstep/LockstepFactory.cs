using PageShift.Linux;
using PageShift.Moving;
using PageShift.Physical;

namespace PageShift.Verification;

/// <summary>Makes pairs of an engine's and a kernel's empty address space. Keeps one process of the kernel's that makes no call, of which the others are copies.
/// Thread safety: none; one thread at a time. Several factories may work side by side.</summary>
public sealed class LockstepFactory : IDisposable
{
    private const ulong MostPopulatedBytes = 16UL << 20;
    private const int PairsPerMemory = 64;

    private readonly KernelExecutor _pristine;
    private PhysicalMemory _memory = MakeMemory();
    private int _pairs;

    private LockstepFactory(KernelExecutor pristine, LockstepSurroundings surroundings)
    {
        _pristine = pristine;
        Surroundings = surroundings;
    }

    /// <summary>What both spaces of a pair begin with.</summary>
    public LockstepSurroundings Surroundings { get; }

    /// <summary>Starts the process that the others are copied from.</summary>
    /// <param name="reason">When the result is null: one sentence that says why it is not possible here.</param>
    public static LockstepFactory? TryStart(out string? reason)
    {
        KernelExecutor? executor = KernelExecutor.TryStart(new KernelExecutorOptions { MostPopulatedBytes = new ByteLength(MostPopulatedBytes) }, out reason);
        if (executor is null)
            return null;
        LockstepSurroundings? surroundings = LockstepSurroundings.TryRead(executor, out reason);
        if (surroundings is not null)
            return new LockstepFactory(executor, surroundings);
        executor.Dispose();
        return null;
    }

    /// <summary>Makes a pair. The one before must have been disposed.</summary>
    /// <param name="policy">How the engine moves.</param>
    /// <param name="firstProcess">The thread id of the first process in the calls to come.</param>
    /// <param name="isThorough">Compares all flags after every call, not only after some.</param>
    public Lockstep Begin(MovePolicy policy, int firstProcess = 0, bool isThorough = false)
    {
        // Objects that lost their last mapping keep their frames until the memory goes.
        if (++_pairs % PairsPerMemory == 0)
        {
            _memory.Dispose();
            _memory = MakeMemory();
        }

        return new Lockstep(new EngineSide(Surroundings, _memory, policy, firstProcess), new KernelSide(_pristine, firstProcess), isThorough);
    }

    /// <summary>Ends the process.</summary>
    public void Dispose()
    {
        _pristine.Dispose();
        _memory.Dispose();
    }

    private static PhysicalMemory MakeMemory() => new(new PhysicalMemoryOptions { CapacityBytes = 4UL << 30 });
}
