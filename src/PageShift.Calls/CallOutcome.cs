using System.Globalization;
using PageShift.Abi;
using PageShift.Calls.Names;

namespace PageShift.Calls;

/// <summary>What a log says about how a call ended.</summary>
public enum CallOutcomeState : byte
{
    /// <summary>Nothing: a hand-written line without '='.</summary>
    None,

    /// <summary>The call returned a value.</summary>
    Value,

    /// <summary>The call failed.</summary>
    Error,

    /// <summary>'?', or the log ends first: whether the call took effect is not known.</summary>
    Unknown,
}

/// <summary>What a log says behind a call's '='.</summary>
public readonly record struct CallOutcome
{
    private readonly long _number;

    private CallOutcome(CallOutcomeState state, long number)
    {
        State = state;
        _number = number;
    }

    /// <summary>A line without '='.</summary>
    public static CallOutcome None => default;

    /// <summary>A line with '= ?'.</summary>
    public static CallOutcome Unknown => new(CallOutcomeState.Unknown, 0);

    /// <summary>Which of the forms this is.</summary>
    public CallOutcomeState State { get; }

    /// <summary>The returned value; an address above 2^63 is negative.</summary>
    /// <exception cref="InvalidOperationException">The state is not <see cref="CallOutcomeState.Value"/>.</exception>
    public long Value => State == CallOutcomeState.Value
        ? _number
        : throw new InvalidOperationException($"An outcome of the form {State} holds no value.");

    /// <summary>The error, also one that <see cref="Errno"/> has no name for. In the state <see cref="CallOutcomeState.Unknown"/>
    /// it is the kernel's internal restart code (such as 512, ERESTARTSYS) where the log shows one; else <see cref="Errno.None"/>.</summary>
    public Errno Error => State is CallOutcomeState.Error or CallOutcomeState.Unknown ? (Errno)_number : Errno.None;

    /// <summary>True when the thread died in the call, which may have taken effect, or the log ends first.</summary>
    internal bool IsCutOff => State == CallOutcomeState.Unknown && _number == 0;

    /// <summary>A call that returned <paramref name="value"/>.</summary>
    public static CallOutcome OfValue(long value) => new(CallOutcomeState.Value, value);

    /// <summary>A call that failed with <paramref name="error"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="error"/> is outside 1 to 4095.</exception>
    public static CallOutcome OfError(Errno error)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan((int)error, 1, nameof(error));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)error, 4095, nameof(error));
        return new CallOutcome(CallOutcomeState.Error, (long)error);
    }

    /// <summary>What a log would show for a call that returned <paramref name="result"/>.</summary>
    public static CallOutcome OfResult(CallResult result) => result.IsError ? OfError(result.Error) : OfValue(result.Raw);

    /// <summary>The outcome as a log shows it, without the error's description; empty for <see cref="None"/>.</summary>
    public override string ToString() => State switch
    {
        CallOutcomeState.None => "",
        CallOutcomeState.Value => _number.ToString(CultureInfo.InvariantCulture),
        CallOutcomeState.Error => $"-1 {ErrorNames.Of((int)_number)}",
        _ => _number == 0 ? "?" : $"? {ErrorNames.Of((int)_number)}",
    };

    /// <summary>A call that was interrupted and would be restarted, with the kernel's internal code.</summary>
    internal static CallOutcome OfRestart(int code) => new(CallOutcomeState.Unknown, code);
}
