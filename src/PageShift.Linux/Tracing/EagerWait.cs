namespace PageShift.Linux.Tracing;

/// <summary>Decides whether the tracer looks again for a change of state, or sleeps until one comes. To fall asleep and to be woken takes longer than what passes between the stops of a program
/// that makes many memory calls, and where a processor has gone to sleep meanwhile ten times as long. Where looking was of no use, it is tried again later, the more seldom the more often it was not.
/// Used by the tracing thread only.</summary>
internal sealed class EagerWait
{
    /// <summary>So many looks, of about a microsecond each, come before a sleep.</summary>
    internal const int MostLooks = 100;

    private const int MostDoublings = 6;

    private int _failures;
    private int _waitsWithoutLook;

    /// <summary>After a look that found nothing: true to look again.</summary>
    /// <param name="looks">How often it was looked before in this wait.</param>
    public bool LooksAgain(int looks)
    {
        if (looks == 0 && _waitsWithoutLook > 0)
        {
            _waitsWithoutLook--;
            return false;
        }

        if (looks < MostLooks)
            return true;
        _failures = Math.Min(_failures + 1, MostDoublings);
        _waitsWithoutLook = (1 << _failures) - 1;
        return false;
    }

    /// <summary>A look found something.</summary>
    /// <param name="looks">How often it was looked before in this wait.</param>
    public void Found(int looks)
    {
        // What was there at once says nothing of how long the next will take.
        if (looks > 0)
            _failures = 0;
    }
}
