using PageShift.Abi;

namespace PageShift.Calls.Execution;

/// <summary>What a log shows of the rights of a thread. That it has a right no log can show: what a capability is worth depends on the user namespace in which the program was started.</summary>
/// <remarks>Which user a thread acts for matters only because Linux takes capabilities away with root. Groups do not matter: nothing is decided by them that a log could tell.</remarks>
internal readonly record struct Credentials
{
    /// <summary>True when the thread surely has no CAP_IPC_LOCK that counts: RLIMIT_MEMLOCK binds it.</summary>
    internal bool IsBoundByLockLimit { get; private init; }

    /// <summary>The user whose rights it has; null when the log has not shown that.</summary>
    internal long? EffectiveUser { get; private init; }

    /// <summary>True in a user namespace that the log has made: there no capability counts for locked memory.</summary>
    private bool IsInNamespace { get; init; }

    /// <summary>True when capabilities may stay when the user changes (SECBIT_NO_SETUID_FIXUP).</summary>
    private bool KeepsCapabilities { get; init; }

    /// <summary>The capabilities of a thread that has them as far as the log can tell.</summary>
    internal Capabilities Possible => IsBoundByLockLimit ? Capabilities.All & ~Capabilities.LockMemory : Capabilities.All;

    /// <summary>The thread acts for a user.</summary>
    /// <remarks>From root to another: all capabilities go. From another to root: those that are permitted come, of which the log does not say which they are.</remarks>
    internal Credentials As(long user)
    {
        bool fromRoot = EffectiveUser == 0;
        bool toRoot = user == 0;
        bool isBound = fromRoot && !toRoot && !KeepsCapabilities ? true : IsInNamespace || (IsBoundByLockLimit && (fromRoot || !toRoot));
        return this with { EffectiveUser = user, IsBoundByLockLimit = isBound };
    }

    /// <summary>The log has shown as whom the thread acts.</summary>
    internal Credentials Of(long user) => this with { EffectiveUser = user };

    /// <summary>The log has shown the capabilities in effect.</summary>
    internal Credentials With(Capabilities effective) => this with { IsBoundByLockLimit = IsInNamespace || (effective & Capabilities.LockMemory) == 0 };

    /// <summary>In a user namespace of its own.</summary>
    internal Credentials InNamespace() => this with { IsInNamespace = true, IsBoundByLockLimit = true };

    /// <summary>Once it may have asked to keep capabilities.</summary>
    internal Credentials Keeping() => this with { KeepsCapabilities = true };

    /// <summary>Once it has executed a program: its file may give capabilities and another user, or not.</summary>
    internal Credentials Executing() => IsInNamespace ? default(Credentials).InNamespace() : default;
}
