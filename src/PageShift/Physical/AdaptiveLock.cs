using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace PageShift.Physical;

/// <summary>A lock that takes one atomic step where nobody else has it. A thread that finds it taken spins for a moment, and then sleeps until it is free.</summary>
/// <remarks>A mutable struct: keep it in a field that is not readonly, and never copy it. Default is free. Not reentrant: a thread that takes it twice would wait for itself, and gets
/// an exception.</remarks>
internal struct AdaptiveLock
{
    private const int TriesBeforeSleep = 32; // some microseconds, in which most holders leave

    private int _owner; // the managed thread that has it, or 0
    private int _sleepers; // threads that sleep, or are about to; changed under _gate
    private object? _gate; // what they sleep on; made for the first of them

    /// <summary>True when some thread has it.</summary>
    internal readonly bool IsTaken => Volatile.Read(in _owner) != 0;

    /// <summary>For tests: the threads that sleep until the lock is free, or are about to.</summary>
    internal readonly int Sleepers => Volatile.Read(in _sleepers);

    /// <summary>Takes the lock. Dispose the scope on the same thread.</summary>
    /// <exception cref="LockRecursionException">This thread has it already.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [UnscopedRef]
    internal Scope Enter() => Enter(Environment.CurrentManagedThreadId);

    /// <summary>Takes the lock for <paramref name="thread"/>, which is this one.</summary>
    /// <exception cref="LockRecursionException">This thread has it already.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [UnscopedRef]
    internal Scope Enter(int thread)
    {
        if (!TryTake(thread))
            EnterTaken(thread);
        return new Scope(ref this);
    }

    /// <summary>Takes the lock for <paramref name="thread"/>, which is this one, if it is free. Continue with <see cref="Taken"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryTake(int thread) => Interlocked.CompareExchange(ref _owner, thread, 0) == 0;

    /// <summary>The scope of who has taken the lock by <see cref="TryTake"/>.</summary>
    [UnscopedRef]
    internal Scope Taken => new(ref this);

    /// <summary>Frees the lock, which this thread has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Exit()
    {
        Volatile.Write(ref _owner, 0);
        if (Volatile.Read(ref _sleepers) != 0)
            WakeAll();
    }

    /// <summary>True when <paramref name="thread"/>, which is this one, has it.</summary>
    internal readonly bool IsTakenBy(int thread) => Volatile.Read(in _owner) == thread;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterTaken(int thread)
    {
        if (IsTakenBy(thread))
            throw new LockRecursionException("A lock of the engine was taken twice by one thread.");
        var spin = default(SpinWait);
        for (int i = 0; i < TriesBeforeSleep; i++)
        {
            spin.SpinOnce(sleep1Threshold: -1);
            if (TryTake(thread))
                return;
        }

        Sleep(thread);
    }

    private void Sleep(int thread)
    {
        object gate = LazyInitializer.EnsureInitialized(ref _gate);
        lock (gate)
        {
            _sleepers++;

            // Whoever leaves frees the lock, and then looks for sleepers. That order takes a fence between the two; it stands here, for all threads at once, so that leaving needs none:
            // one that has not seen this sleeper has freed the lock before the next line looks at it.
            Interlocked.MemoryBarrierProcessWide();
            try
            {
                while (!TryTake(thread))
                    Monitor.Wait(gate);
            }
            finally
            {
                _sleepers--;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void WakeAll()
    {
        lock (_gate!)
            Monitor.PulseAll(_gate!);
    }

    /// <summary>Frees the lock when disposed.</summary>
    internal readonly ref struct Scope
    {
        private readonly ref AdaptiveLock _lock;

        internal Scope(ref AdaptiveLock owner) => _lock = ref owner;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose() => _lock.Exit();
    }
}
