using System.Runtime.InteropServices;

namespace PageShift.Translation;

/// <summary>
/// The lock of the mappings: shared for accesses and faults, exclusive for system calls. Each reader has a flag of its own, so that readers never write to a line that
/// another reader uses; the writer raises its flag and waits until every reader's is down.
/// </summary>
/// <remarks>Not reentrant. The shared side is <see cref="VirtualProcessor"/>'s.</remarks>
internal sealed class MappingLock
{
    private readonly Lock _writers = new();
    private readonly List<ReaderFlag> _readers = [];
    private int _writing;

    /// <summary>Adds a reader. Its flag belongs to one <see cref="VirtualProcessor"/>.</summary>
    internal ReaderFlag AddReader()
    {
        var flag = new ReaderFlag();
        lock (_writers)
            _readers.Add(flag);
        return flag;
    }

    /// <summary>Removes a reader that is not inside.</summary>
    internal void RemoveReader(ReaderFlag flag)
    {
        lock (_writers)
            _readers.Remove(flag);
    }

    /// <summary>Enters shared; waits while a writer is inside.</summary>
    /// <exception cref="InvalidOperationException">The reader is inside already, or this thread is inside exclusively and would wait for itself.</exception>
    internal void EnterShared(ReaderFlag flag)
    {
        while (true)
        {
            // A full fence: our flag must be seen by a writer that we do not see.
            int owner = Interlocked.CompareExchange(ref flag.Owner, Environment.CurrentManagedThreadId, 0);
            if (owner != 0)
                throw AlreadyInside(owner);
            if (Volatile.Read(ref _writing) == 0)
                return;
            Volatile.Write(ref flag.Owner, 0);
            if (_writers.IsHeldByCurrentThread)
                throw new InvalidOperationException("Memory was accessed from inside a system call on the same address space.");
            lock (_writers)
            {
                // Waiting for the writer to leave is all that is wanted of the lock here.
            }
        }
    }

    /// <summary>Leaves shared.</summary>
    internal static void ExitShared(ReaderFlag flag) => Volatile.Write(ref flag.Owner, 0);

    /// <summary>Enters exclusively; waits until no other writer and no reader is inside.</summary>
    /// <exception cref="InvalidOperationException">This thread is inside already, and would wait for itself.</exception>
    internal ExclusiveScope EnterExclusive()
    {
        _writers.Enter();
        if (_writing != 0)
        {
            _writers.Exit();
            throw new InvalidOperationException("A system call was made from inside another on the same address space.");
        }

        if (_readers.Count == 0)
        {
            _writing = 1; // a reader that comes now must take the inner lock first
            return new ExclusiveScope(this);
        }

        Interlocked.Exchange(ref _writing, 1); // a full fence, the counterpart of the reader's
        foreach (ReaderFlag reader in _readers)
        {
            var spin = default(SpinWait);
            int owner;
            while ((owner = Volatile.Read(ref reader.Owner)) != 0)
            {
                if (owner == Environment.CurrentManagedThreadId)
                {
                    ExitExclusive();
                    throw new InvalidOperationException("A system call was made from inside an access on the same thread; leave the access first.");
                }

                spin.SpinOnce();
            }
        }

        return new ExclusiveScope(this);
    }

    private void ExitExclusive()
    {
        Volatile.Write(ref _writing, 0);
        _writers.Exit();
    }

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
    internal readonly ref struct ExclusiveScope(MappingLock owner)
    {
        public void Dispose() => owner.ExitExclusive();
    }
}
