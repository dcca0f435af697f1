using PageShift.Abi;

namespace PageShift.Mappings;

/// <summary>When two neighbouring mappings are one. Source: docs/linux-rules.md section 3, checked on Linux 6.18.</summary>
internal static class MergeRules
{
    /// <summary>Flags that neither block merging nor get lost by it: the merged mapping has the union.</summary>
    public const VmFlags Sticky = VmFlags.MayHaveGuards;

    // All of it must hold:
    //
    //   adjacent        left ends where right starts
    //   flags           equal, except for the sticky ones; never for a mapping of the kernel's own (DontExpand)
    //   open file       the same open file description, or none on both sides
    //   page offset     right's follows left's last page
    //   anon identity   see AnonsCompatible
    /// <summary>True when <paramref name="left"/> and <paramref name="right"/> are to become one mapping, where one
    /// of them is new or has just changed. (Linux looks for a merge only at a change.)</summary>
    public static bool CanMerge(in Mapping left, in Mapping right) =>
        CanJoin(left, right) && AnonsCompatible(left.Anon, right.Anon);

    /// <summary>The rules for a mapping that is lengthened in place until it touches <paramref name="right"/>. They
    /// differ from <see cref="CanMerge"/> in one point: its own identity spreads to a neighbour without one even
    /// when it is inherited (checked on the kernel: mremap in a forked child).</summary>
    public static bool CanMergeExtended(in Mapping left, in Mapping right) =>
        CanJoin(left, right) && (AnonsCompatible(left.Anon, right.Anon) || right.Anon.IsNone);

    /// <summary>True when a merge may take a mapping of <paramref name="file"/> away, and not only move where one ends.</summary>
    public static bool MayTakeAway(OpenFile? file) => file is not { CountsMappings: true };

    /// <summary>True when two mappings that both accept the one between them also accept each other.</summary>
    public static bool AnonsAgree(AnonIdentity left, AnonIdentity right) =>
        left.IsNone || right.IsNone || left == right;

    /// <summary>The identity of the mapping that unites three; those that have one, have the same.</summary>
    public static AnonIdentity UnitedAnon(AnonIdentity first, AnonIdentity second, AnonIdentity third = default) =>
        !first.IsNone ? first : !second.IsNone ? second : third;

    /// <summary>True when <paramref name="right"/>, not yet having an identity, may take <paramref name="left"/>'s,
    /// or the other way round: they touch, and only the access bits (or sticky flags) may differ.</summary>
    public static bool CanShareAnon(in Mapping left, in Mapping right) =>
        Continues(left, right) && ((left.Flags ^ right.Flags) & ~(VmFlags.AccessMask | Sticky)) == 0;

    private static bool CanJoin(in Mapping left, in Mapping right) =>
        Continues(left, right)
        && ((left.Flags ^ right.Flags) & ~Sticky) == 0
        && !left.Flags.Has(VmFlags.DontExpand);

    private static bool Continues(in Mapping left, in Mapping right) =>
        left.End == right.Start
        && ReferenceEquals(left.File, right.File)
        && left.PageOffsetAt(left.End) == right.PageOffset;

    // one      other          compatible
    // none     none           yes
    // A        A              yes, inherited or not
    // none     A              yes
    // none     A, inherited   no: the pages' bookkeeping reaches into the parent
    // A        B              no
    private static bool AnonsCompatible(AnonIdentity one, AnonIdentity other) =>
        one == other
        || (one.IsNone && !other.Inherited)
        || (other.IsNone && !one.Inherited);
}
