namespace PageShift.Verification.Conformance;

/// <summary>The lines of a case that do something and are no calls: the looks, and <c>#fill</c>, <c>#vdso</c> and <c>#userfaultfd</c>.</summary>
internal static class CaseDirective
{
    /// <summary>Asks what the last mremap cost.</summary>
    internal const string Cost = "#cost";

    private const string Fill = "#fill";
    private const string Vdso = "#vdso";
    private const string UserFault = "#userfaultfd";
    private static readonly string[] Steps = ["#maps", "#within", "#flags", "#pages", Cost, Fill, Vdso, UserFault];

    /// <summary>True for any of them.</summary>
    internal static bool IsStep(string line) => Steps.Contains(Words(line)[0]);

    internal static bool IsFill(string line) => Words(line)[0] == Fill;

    internal static bool IsVdso(string line) => Words(line)[0] == Vdso;

    internal static bool IsUserFault(string line) => Words(line)[0] == UserFault;

    internal static bool IsCost(string line) => Words(line)[0] == Cost;

    internal static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
