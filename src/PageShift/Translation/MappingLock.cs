using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.Physical;

namespace PageShift.Translation;

/// <summary>
/// The lock of the mappings: shared for accesses and faults, exclusive for system calls. Each reader has a flag of its own, so that readers never write to a line that
/// another reader uses; the writer raises its flag and waits until every reader's is down. Who has to wait for long sleeps.
/// </summary>
/// <remarks>Not reentrant. The shared side is <see cref="VirtualProcessor"/>'s.</remarks>
internal sealed class MappingLock
{
    private const int TriesBeforeSleep = 32; // some microseconds, in which most accesses end

    private ReaderFlag[] _readers = []; // replaced, never changed, under the lock itself, exclusively; who waits for the lock looks for itself in it
    private readonly object _gate = new(); // what a writer sleeps on until a reader leaves
    private AdaptiveLock _writer;
    private bool _writerSleeps;

    /// <summary>Adds a reader. Its flag belongs to one <see cref="VirtualProcessor"/>. The lock is held exclusively.</summary>
    internal ReaderFlag AddReader()
    {
        var flag = new ReaderFlag();
        Volatile.Write(ref _readers, [.. _readers, flag]);
        return flag;
    }

    /// <summary>Removes a reader that is not inside. The lock is held exclusively.</summary>
    internal void RemoveReader(ReaderFlag flag) => Volatile.Write(ref _readers, [.. _readers.Where(reader => reader != flag)]);

    /// <summary>Enters shared; waits while a writer is inside.</summary>
    /// <exception cref="InvalidOperationException">The reader is inside already; or this thread is inside exclusively, or by another reader for which a writer waits, and would wait for
    /// itself.</exception>
    internal void EnterShared(ReaderFlag flag)
    {
        // A full fence: our flag must be seen by a writer that we do not see.
        int thread = Environment.CurrentManagedThreadId;
        int owner = Interlocked.CompareExchange(ref flag.Owner, thread, 0);
        if (owner != 0)
            throw AlreadyInside(owner);
        if (_writer.IsTaken)
            EnterSharedAfterWriter(flag, thread);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterSharedAfterWriter(ReaderFlag flag, int thread)
    {
        ExitShared(flag);
        if (_writer.IsTakenBy(thread))
            throw new InvalidOperationException("Memory was accessed from inside a system call on the same address space.");
        if (IsInside(thread))
            throw new InvalidOperationException("Memory was accessed by another processor from inside an access on the same thread, while a system call waits; leave the access first.");
        using (_writer.Enter(thread))
        {
            // No writer is inside now, and the next one will see the flag.
            int owner = Interlocked.CompareExchange(ref flag.Owner, thread, 0);
            if (owner != 0)
                throw AlreadyInside(owner);
        }
    }

    /// <summary>Leaves shared.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void ExitShared(ReaderFlag flag)
    {
        Volatile.Write(ref flag.Owner, 0);
        if (Volatile.Read(ref _writerSleeps))
            WakeWriter();
    }

    /// <summary>Enters exclusively; waits until no other writer and no reader is inside.</summary>
    /// <exception cref="InvalidOperationException">This thread is inside already, and would wait for itself.</exception>
    internal ExclusiveScope EnterExclusive()
    {
        int thread = Environment.CurrentManagedThreadId;
        if (_writer.IsTakenBy(thread))
            throw new InvalidOperationException("A system call was made from inside another on the same address space.");
        AdaptiveLock.Scope scope = _writer.TryTake(thread) ? _writer.Taken : EnterAfterWriter(thread); // a full fence, the counterpart of the reader's
        foreach (ReaderFlag reader in _readers)
        {
            if (Volatile.Read(ref reader.Owner) != 0 && !TryWaitFor(reader, thread))
            {
                scope.Dispose();
                throw CallInsideAccess();
            }
        }

        return new ExclusiveScope(scope);
    }

    /// <summary>The writer before may be waiting for this thread to leave an access.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private AdaptiveLock.Scope EnterAfterWriter(int thread) => IsInside(thread) ? throw CallInsideAccess() : _writer.Enter(thread);

    /// <summary>True when this thread is inside shared. No lock is held: the flags of others may change meanwhile, its own don't.</summary>
    private bool IsInside(int thread)
    {
        foreach (ReaderFlag reader in Volatile.Read(ref _readers))
        {
            if (Volatile.Read(ref reader.Owner) == thread)
                return true;
        }

        return false;
    }

    /// <summary>Waits until a reader is not inside. False when it is <paramref name="thread"/>, which is this one, and would wait for itself.</summary>
    private bool TryWaitFor(ReaderFlag reader, int thread)
    {
        var spin = default(SpinWait);
        for (int i = 0; Volatile.Read(ref reader.Owner) is var owner && owner != 0; i++)
        {
            if (owner == thread)
                return false;
            if (i >= TriesBeforeSleep)
                SleepUntilOut(reader);
            else
                spin.SpinOnce(sleep1Threshold: -1);
        }

        return true;
    }

    private void SleepUntilOut(ReaderFlag reader)
    {
        lock (_gate)
        {
            // As for the lock itself: the fence that a leaving reader would need between its two steps stands here, for all of them.
            Volatile.Write(ref _writerSleeps, true);
            Interlocked.MemoryBarrierProcessWide();
            try
            {
                while (Volatile.Read(ref reader.Owner) != 0)
                    Monitor.Wait(_gate);
            }
            catch (ThreadInterruptedException)
            {
                _writer.Exit();
                throw;
            }
            finally
            {
                _writerSleeps = false;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WakeWriter()
    {
        lock (_gate)
            Monitor.Pulse(_gate); // there is one writer at most
    }

    private static InvalidOperationException CallInsideAccess() => new("A system call was made from inside an access on the same thread; leave the access first.");

    private static InvalidOperationException AlreadyInside(int owner) => new(owner == Environment.CurrentManagedThreadId
        ? "The processor is inside an access scope; access memory through the scope."
        : "The processor is in use on another thread.");

    /// <summary>A reader's flag, on a cache line that it shares with nothing.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    internal sealed class ReaderFlag
    {
        /// <summary>The managed thread that is inside, or 0.</summary>
        [FieldOffset(64)]
        internal int Owner;

        /// <summary>How often the reader has let the lock go in the middle of an access, for a fault that needed it exclusively. What it had found out before no longer
        /// holds then.</summary>
        [FieldOffset(68)]
        internal int Releases;
    }

    /// <summary>Leaves the lock when disposed.</summary>
    internal readonly ref struct ExclusiveScope(AdaptiveLock.Scope scope)
    {
        private readonly AdaptiveLock.Scope _scope = scope;

        public void Dispose() => _scope.Dispose();
    }
}
