using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace PageShift.Physical;

/// <summary>A lock that is taken often and held for very short: one atomic step to take it where nobody else has it. A thread that finds it taken spins, and then sleeps by turns.
/// The thread that has it may take it again.</summary>
/// <remarks>A mutable struct: keep it in a field that is not readonly, and never copy it. Default is free.</remarks>
internal struct ShortLock
{
    private int _owner;
    private int _depth;

    /// <summary>True when some thread has it.</summary>
    internal readonly bool IsTaken => Volatile.Read(in _owner) != 0;

    /// <summary>Takes the lock. Dispose the scope on the same thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [UnscopedRef]
    internal Scope Enter() => Enter(Environment.CurrentManagedThreadId);

    /// <summary>Takes the lock for <paramref name="thread"/>, which is this one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [UnscopedRef]
    internal Scope Enter(int thread)
    {
        if (Interlocked.CompareExchange(ref _owner, thread, 0) != 0)
            EnterTaken(thread);
        return new Scope(ref this);
    }

    /// <summary>True when <paramref name="thread"/>, which is this one, has it.</summary>
    internal readonly bool IsTakenBy(int thread) => Volatile.Read(in _owner) == thread;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterTaken(int thread)
    {
        if (Volatile.Read(ref _owner) == thread)
        {
            _depth++;
            return;
        }

        var spin = default(SpinWait);
        do
        {
            spin.SpinOnce();
        }
        while (Volatile.Read(ref _owner) != 0 || Interlocked.CompareExchange(ref _owner, thread, 0) != 0);
    }

    /// <summary>Frees the lock when disposed.</summary>
    internal readonly ref struct Scope
    {
        private readonly ref ShortLock _lock;

        internal Scope(ref ShortLock owner) => _lock = ref owner;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose()
        {
            if (_lock._depth != 0)
                _lock._depth--;
            else
                Volatile.Write(ref _lock._owner, 0);
        }
    }
}
