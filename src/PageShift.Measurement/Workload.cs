using System.Diagnostics;

namespace PageShift.Measurement;

/// <summary>Work that is timed: one side of a comparison. Repeatable as often as wanted.</summary>
/// <remarks>Not thread-safe.</remarks>
public abstract class Workload : IDisposable
{
    /// <summary>How many operations one <see cref="Run"/> makes.</summary>
    public abstract int Operations { get; }

    /// <summary>Brings back the state that <see cref="Run"/> begins with. Not timed.</summary>
    public virtual void Prepare()
    {
    }

    /// <summary>Makes the operations.</summary>
    public abstract void Run();

    /// <summary>Prepares, runs once, and gives the nanoseconds of one operation.</summary>
    public virtual double Measure()
    {
        Prepare();
        long start = Stopwatch.GetTimestamp();
        Run();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / Operations;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what the work holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>Makes one side of a comparison.</summary>
/// <param name="reason">When the result is null: one sentence that says why it is not possible here.</param>
public delegate Workload? WorkloadFactory(out string? reason);
