using System.Globalization;

namespace PageShift.Calls.Execution;

/// <summary>Something in which the engine is not like the kernel.</summary>
/// <param name="Subject">What differs, such as "the results" or "the mappings".</param>
/// <param name="Engine">What the engine has.</param>
/// <param name="Kernel">What the kernel has; what a log says that it had.</param>
internal sealed record Difference(string Subject, string Engine, string Kernel);

/// <summary>A call after which engine and kernel differ, whether the kernel runs or a log speaks for it.</summary>
public sealed record Divergence
{
    internal Divergence(string call, Difference difference)
    {
        Call = call;
        Subject = difference.Subject;
        Engine = difference.Engine;
        Kernel = difference.Kernel;
    }

    /// <summary>The call after which it was found: its name, the call and its result as strace would show them, or what else was going on.</summary>
    public string Call { get; }

    /// <summary>What differs, such as "the results" or "the mappings".</summary>
    public string Subject { get; }

    /// <summary>What the engine has.</summary>
    public string Engine { get; }

    /// <summary>What the kernel has; what a log says that it had.</summary>
    public string Kernel { get; }

    /// <summary>The line of the log; 0 without one.</summary>
    public long Line { get; init; }

    /// <summary>Which call of a sequence it was, counted from 0; -1 outside of a sequence.</summary>
    internal int Index { get; init; } = -1;

    /// <summary>The process; 0 when it is not known.</summary>
    internal int ProcessId { get; init; }

    /// <summary>The thread whose call it was; the process's number when it was found between calls.</summary>
    internal int ThreadId { get; init; }

    /// <summary>What the kernel did of its own accord while the calls were made, by its counters, and what may be the cause; null when there was nothing.</summary>
    public KnownDifference? Explanation { get; init; }

    /// <summary>The divergence in one sentence.</summary>
    public override string ToString()
    {
        string call = Index < 0 ? Call : string.Create(CultureInfo.InvariantCulture, $"call {Index + 1}, {Call}");
        return $"after {call}, {Subject} differ: engine {Engine}, kernel {Kernel}";
    }
}

/// <summary>Something in which the engine can't follow the kernel, because it depends on a state inside the kernel that user space can't see.</summary>
/// <param name="Name">What it is called in reports.</param>
/// <param name="Reason">The hidden state that decides it.</param>
public sealed record KnownDifference(string Name, string Reason);
