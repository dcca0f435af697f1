using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Seccomp's strict mode, which the kernel refuses to a thread that has a filter. So the tracer keeps the thread to it.
/// Source: seccomp(2), <c>kernel/seccomp.c</c>.</summary>
internal static class StrictMode
{
    /// <summary>The call by which a thread that made a forbidden one ends, when its process has others.</summary>
    public const ulong Exit = 60;

    /// <summary>The same of the 32-bit interface.</summary>
    public const ulong ExitI386 = 1;

    /// <summary>True for read, write, exit and the return from a signal's handler.</summary>
    public static bool Allows(in SystemCallStop stop) => stop.Architecture == SystemCallStop.ArchI386
        ? stop.Number is 3 or 4 or 1 or 119
        : stop.Number is 0 or 1 or 60 or 15;
}
