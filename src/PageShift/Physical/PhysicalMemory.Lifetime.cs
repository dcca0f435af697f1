namespace PageShift.Physical;

/// <summary>When the host gets its memory back: when whoever made it has disposed it, no address space lives on it any more, and no call of a memory object is under way. So nothing that
/// a program does with objects of this library touches memory that is gone.</summary>
public sealed partial class PhysicalMemory
{
    private readonly Lock _lifetime = new();

    // Guarded by _lifetime.
    private readonly HashSet<IMemoryUser> _users = [];
    private int _holds = 1; // whoever made it, each user, each call under way; at 0 the host has its memory back
    private bool _isOwned = true; // by whoever made it
    private bool _isDisposed; // or has gone with its last user

    /// <summary>Disposes the address spaces that live on this memory, and gives it back to the host. Their further calls and accesses throw <see cref="ObjectDisposedException"/>, and so
    /// do those of memory objects. Thread-safe: calls and accesses that are under way on other threads are waited for.</summary>
    /// <exception cref="InvalidOperationException">This thread is inside an access scope, or a call, of one of the spaces. That one still lives, and the memory with it.</exception>
    public void Dispose()
    {
        IMemoryUser[] users;
        lock (_lifetime)
        {
            _isDisposed = true;
            users = [.. _users];
        }

        Disown();
        foreach (IMemoryUser user in users)
            user.LeaveMemory();
    }

    /// <summary>Leaves the memory to its users: the last of them takes it along.</summary>
    internal void Disown()
    {
        bool wasOwned;
        lock (_lifetime)
        {
            wasOwned = _isOwned;
            _isOwned = false;
        }

        if (wasOwned)
            Release();
    }

    /// <summary>Adds a user, for which the memory stays.</summary>
    /// <exception cref="ObjectDisposedException">The memory has been disposed.</exception>
    internal void AddUser(IMemoryUser user)
    {
        lock (_lifetime)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _users.Add(user);
            _holds++;
        }
    }

    /// <summary>Removes a user, which uses the memory no more.</summary>
    internal void RemoveUser(IMemoryUser user)
    {
        lock (_lifetime)
            _users.Remove(user);
        Release();
    }

    /// <summary>Begins a use of the memory that belongs to no user: while it lasts, the memory stays.</summary>
    /// <exception cref="ObjectDisposedException">The memory has been disposed.</exception>
    internal Use EnterUse() => TryEnterUse(out Use use) ? use : throw new ObjectDisposedException(nameof(PhysicalMemory));

    /// <summary>The same; false when the memory has been disposed.</summary>
    internal bool TryEnterUse(out Use use)
    {
        lock (_lifetime)
        {
            use = _isDisposed ? default : new Use(this);
            if (!_isDisposed)
                _holds++;
            return !_isDisposed;
        }
    }

    private void Release()
    {
        lock (_lifetime)
        {
            if (--_holds != 0)
                return;
            _isDisposed = true;
        }

        _backed.Dispose();
        _unbacked?.Dispose();
    }

    /// <summary>A use of the memory; ends when disposed.</summary>
    internal readonly ref struct Use(PhysicalMemory? memory)
    {
        public void Dispose() => memory?.Release();
    }
}
