namespace PageShift.Verification.Following;

/// <summary>Where in a program a call was made.</summary>
/// <param name="Call">The place behind the system call's instruction: a file's name and the offset from where it is loaded, such as <c>libc.so.6+0x11bd9a</c>.</param>
/// <param name="Caller">The nearest place on the stack that lies in another file and follows a call instruction: with a C library, the place in the program that called the
/// library. Found by looking at the stack's words, not by unwinding: a stale word can mislead. Null when there is none near.</param>
public readonly record struct CallSite(string Call, string? Caller)
{
    /// <summary>The most telling of the two.</summary>
    public override string ToString() => Caller ?? Call;
}
