namespace PageShift.Verification;

/// <summary>A point at which engine and kernel differed while a program was followed. The engine is then told the kernel's state, and the comparison goes on.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="ThreadId">The thread whose call it was; the process's number when it was found between calls.</param>
/// <param name="Call">The call and the kernel's result, as strace would show it, or what else was going on.</param>
/// <param name="Subject">What differs, such as "the mappings".</param>
/// <param name="Engine">The engine's side.</param>
/// <param name="Kernel">The kernel's side.</param>
public sealed record FollowDivergence(int ProcessId, int ThreadId, string Call, string Subject, string Engine, string Kernel)
{
    /// <summary>The divergence in one line.</summary>
    public override string ToString() => $"after {Call}, {Subject} differ: engine {Engine}, kernel {Kernel}";
}
