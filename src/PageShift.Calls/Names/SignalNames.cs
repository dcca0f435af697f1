using System.Globalization;

namespace PageShift.Calls.Names;

/// <summary>The names that strace gives to signals on x86-64.
/// Source: <c>arch/x86/include/uapi/asm/signal.h</c> (values); signal(7).</summary>
internal static class SignalNames
{
    private const int FirstRealTime = 32;
    private const int Last = 64;

    private static readonly string[] Standard =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    private static readonly string[] ByNumber = [.. Enumerable.Range(1, Last).Select(NameOf)];

    /// <summary>Every signal's name and number.</summary>
    public static readonly (string Name, ulong Value)[] All =
        [.. ByNumber.Select((name, index) => (name, (ulong)index + 1))];

    /// <summary>The same, for reading.</summary>
    public static readonly SymbolTable Numbers = new(All);

    /// <summary>The name of <paramref name="signal"/>: SIGKILL, SIGRTMIN, SIGRT_5; the number in decimal where there is none.</summary>
    public static string Of(int signal) =>
        signal is >= 1 and <= Last ? ByNumber[signal - 1] : signal.ToString(CultureInfo.InvariantCulture);

    private static string NameOf(int signal) => signal switch
    {
        < FirstRealTime => "SIG" + Standard[signal - 1],
        FirstRealTime => "SIGRTMIN",
        _ => string.Create(CultureInfo.InvariantCulture, $"SIGRT_{signal - FirstRealTime}"),
    };
}
