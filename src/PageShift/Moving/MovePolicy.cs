namespace PageShift.Moving;

/// <summary>Which moves of page-table entries are made: those of a generation of Linux, or PageShift's.</summary>
public enum MovePolicy
{
    /// <summary><c>linux-4.20</c>: single pages only.</summary>
    Linux420,

    /// <summary><c>linux-5.0</c>: also whole PMD entries where source and destination are both aligned to them.</summary>
    Linux50,

    /// <summary><c>linux-5.11</c>: also whole PUD entries where both are aligned to them.</summary>
    Linux511,

    /// <summary><c>linux-6.7</c>: also expands the start of the move down to a PMD boundary when no mapping is in the way.</summary>
    Linux67,

    /// <summary><c>pageshift</c>: expands both ends, at every level, when no entry is in the way.</summary>
    PageShift,
}

/// <summary>The names by which the policies are known outside.</summary>
public static class MovePolicyName
{
    /// <summary>All policies, oldest first.</summary>
    public static IReadOnlyList<MovePolicy> All { get; } =
        [MovePolicy.Linux420, MovePolicy.Linux50, MovePolicy.Linux511, MovePolicy.Linux67, MovePolicy.PageShift];

    /// <summary>The name of <paramref name="policy"/>, such as <c>linux-6.7</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="policy"/> is not one of the defined values.</exception>
    public static string Of(MovePolicy policy) => policy switch
    {
        MovePolicy.Linux420 => "linux-4.20",
        MovePolicy.Linux50 => "linux-5.0",
        MovePolicy.Linux511 => "linux-5.11",
        MovePolicy.Linux67 => "linux-6.7",
        MovePolicy.PageShift => "pageshift",
        _ => throw new ArgumentOutOfRangeException(nameof(policy), policy, "Not a move policy."),
    };

    /// <summary>Finds a policy by its name.</summary>
    public static bool TryParse(string name, out MovePolicy policy)
    {
        foreach (MovePolicy candidate in All)
        {
            if (Of(candidate) == name)
            {
                policy = candidate;
                return true;
            }
        }

        policy = default;
        return false;
    }
}
