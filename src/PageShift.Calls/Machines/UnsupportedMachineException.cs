namespace PageShift.Calls.Machines;

/// <summary>A log can't be followed with the page tables that were chosen, or asked for. The message names the option that would go on, or what is supported.</summary>
internal sealed class UnsupportedMachineException(string message) : NotSupportedException(message)
{
    /// <summary>The line of the log that shows it; 0 where the options alone do.</summary>
    internal long Line { get; init; }
}
