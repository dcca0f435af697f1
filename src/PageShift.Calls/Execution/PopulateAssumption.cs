namespace PageShift.Calls.Execution;

/// <summary>Which pages are taken to be present, as a log of system calls does not say which were touched.</summary>
public enum PopulateAssumption
{
    /// <summary>Every page of every private writable mapping: the upper bound. A single call that makes more than
    /// <see cref="LogExecutor.LargestPopulated"/> bytes writable is left alone, and counted.</summary>
    All,

    /// <summary>The pages that pseudo-calls wrote, and what the calls themselves populate (MAP_POPULATE, MADV_POPULATE, mlock).</summary>
    Written,

    /// <summary>Only what the calls themselves populate.</summary>
    None,
}
