namespace PageShift.Calls;

/// <summary>A log can't be read. The message is the error's one line.</summary>
public sealed class CallSyntaxException : Exception
{
    /// <summary>Reports <paramref name="error"/>.</summary>
    public CallSyntaxException(CallSyntaxError error)
        : base(error.ToString()) => Error = error;

    /// <summary>Where, what was found, and what was expected.</summary>
    public CallSyntaxError Error { get; }
}
