namespace PageShift.Calls;

/// <summary>A log can't be read. The message is the error's one line.</summary>
public sealed class CallSyntaxException : Exception
{
    /// <summary>Reports <paramref name="error"/>.</summary>
    /// <param name="error">The place.</param>
    /// <param name="isOfWholeLog">True when it is no log that can be read.</param>
    public CallSyntaxException(CallSyntaxError error, bool isOfWholeLog = false)
        : base(error.ToString())
    {
        Error = error;
        IsOfWholeLog = isOfWholeLog;
    }

    /// <summary>Where, what was found, and what was expected.</summary>
    public CallSyntaxError Error { get; }

    /// <summary>True when it is no log that can be read, such as the output of another tool: leaving lines out is no way on.</summary>
    public bool IsOfWholeLog { get; }

    /// <summary>True when the line is read in lenient mode, and not left out.</summary>
    internal bool IsReadLeniently { get; init; }
}
