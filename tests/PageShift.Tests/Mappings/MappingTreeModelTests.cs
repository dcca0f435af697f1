using CsCheck;
using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Mappings.MappingWorld;

namespace PageShift.Tests.Mappings;

/// <summary>Random histories on the tree and on <see cref="NaiveMappings"/>: the two hold the same mappings, and the
/// tree its invariants, after every step.</summary>
public class MappingTreeModelTests
{
    private const int WorldPages = 700;
    private static readonly OpenFile[] Files = [MappingWorld.AnyFile(), MappingWorld.AnyFile()];
    private static readonly AnonIdentity[] Anons = [default, default, A, B, Inherited];
    private static readonly VmFlags[] FlagChoices =
        [ReadWrite, ReadWrite, ReadOnly, ReadOnly, ReadWrite | VmFlags.GrowsDown, ReadWrite | VmFlags.MayHaveGuards];

    public enum Kind
    {
        Insert,
        InsertMerging,
        InsertExtendingBelow,
        Remove,
        RemoveRange,
        Split,
        Modify,
        Extend,
        SetStart,
        SetEnd,
        SetFlags,
        SetAnon,
        TopDown,
        BottomUp,
        Congruent,
    }

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Enum<Kind>(), Gen.Int[0, WorldPages - 1], Gen.Int[1, 12], Gen.Int[0, 1000], Gen.Int[0, 1000],
        (kind, page, length, choice, other) => new Step(kind, page, length, choice, other));

    // A dense world makes neighbours that merge, a wide one gaps and guard gaps.
    [Theory]
    [InlineData(40)]
    [InlineData(WorldPages)]
    public void The_tree_agrees_with_a_sorted_list_over_random_histories(int pages) =>
        Steps.Array[1, 120].Sample(
            steps =>
            {
                MappingTree tree = new();
                NaiveMappings model = new();
                foreach (Step step in steps)
                {
                    Run(step with { Page = step.Page % pages }, tree, model, pages);
                    tree.Verify();
                    Assert.Equal(model.All, Contents(tree));
                    Assert.Equal(model.All.Count, tree.Count);
                }
            },
            iter: 400);

    private static void Run(Step step, MappingTree tree, NaiveMappings model, int pages)
    {
        (Kind kind, int page, int length, int choice, int other) = step;
        AddressRange range = Range(page, page + length);
        VmFlags flags = FlagChoices[choice % FlagChoices.Length];
        switch (kind)
        {
            case Kind.Insert or Kind.InsertMerging or Kind.InsertExtendingBelow:
                Insert(step, range, flags, tree, model);
                break;
            case Kind.TopDown:
                (int low, int high) = (other % (pages / 2), pages - (choice % (pages / 2)));
                Assert.Equal(
                    model.TopDown(length, Page(low), Page(high)), tree.FindGapTopDown(Pages(length), Page(low), Page(high)));
                break;
            case Kind.Congruent:
                (low, high) = (other % (pages / 2), pages - (choice % (pages / 2)));
                ulong span = PageSize.Bytes << (choice % 5);
                ulong residue = (ulong)other * PageSize.Bytes & (span - 1);
                Assert.Equal(
                    model.Congruent(length, Page(low), Page(high), residue, span),
                    tree.FindCongruentGap(Pages(length), Page(low), Page(high), new ByteLength(residue), new ByteLength(span)));
                break;
            case Kind.BottomUp:
                (low, high) = (other % (pages / 2), pages - (choice % (pages / 2)));
                Assert.Equal(
                    model.BottomUp(length, Page(low), Page(high)), tree.FindGapBottomUp(Pages(length), Page(low), Page(high)));
                break;
            case Kind.RemoveRange:
                RemoveRange(range, tree, model);
                break;
            default:
                int index = model.IndexAt(Page(page));
                Assert.Equal(index < 0, tree.Find(Page(page)).IsNone);
                if (index >= 0)
                    Change(step, index, flags, tree, model);
                break;
        }
    }

    private static void Insert(Step step, AddressRange range, VmFlags flags, MappingTree tree, NaiveMappings model)
    {
        OpenFile? file = (step.Other % 4) is 0 ? Files[step.Choice % 2] : null;
        Mapping mapping = new(range, flags, file, new PageCount(BasePage + (ulong)step.Page), Anons[step.Other % Anons.Length]);
        Assert.Equal(model.IsFree(range), !tree.AnyOverlaps(range));
        if (!model.IsFree(range))
        {
            Assert.Throws<ArgumentException>(() => tree.Insert(mapping));
            return;
        }

        MappingHandle added;
        if (step.Kind == Kind.Insert)
        {
            model.Insert(mapping);
            added = tree.Insert(mapping);
        }
        else
        {
            bool withNext = step.Kind == Kind.InsertMerging;
            model.InsertMerging(mapping, withNext);
            added = tree.InsertMerging(mapping, withNext);
        }

        Assert.True(tree.RangeOf(added).Contains(range));
    }

    private static void RemoveRange(AddressRange range, MappingTree tree, NaiveMappings model)
    {
        foreach (VirtualAddress edge in new[] { range.Start, range.End })
        {
            int index = model.IndexAt(edge);
            if (index < 0 || model.All[index].Start == edge)
                continue;
            model.Split(index, edge);
            tree.Split(tree.Find(edge), edge);
        }

        while (model.All.ToList().FindIndex(m => m.Range.Overlaps(range)) is var doomed and >= 0)
            model.RemoveAt(doomed);
        foreach (MappingHandle handle in tree.Overlapping(range))
            tree.Remove(handle);
    }

    private static void Change(Step step, int index, VmFlags flags, MappingTree tree, NaiveMappings model)
    {
        MappingHandle handle = tree.Find(Page(step.Page));
        Mapping mapping = model.All[index];
        VirtualAddress middle = Page(step.Page);
        VirtualAddress above = index + 1 < model.All.Count ? model.All[index + 1].Start : mapping.End + Pages(9);
        VirtualAddress below = index > 0 ? model.All[index - 1].End : mapping.Start - Pages(9);
        switch (step.Kind)
        {
            case Kind.Remove:
                model.RemoveAt(index);
                tree.Remove(handle);
                break;
            case Kind.Split when middle > mapping.Start:
                model.Split(index, middle);
                tree.Split(handle, middle);
                break;
            case Kind.Modify:
                VirtualAddress from = step.Choice % 3 == 0 ? mapping.Start : middle;
                VirtualAddress to = step.Other % 3 == 0 ? mapping.End : Within(middle + Pages(1), mapping.End, step.Choice);
                AddressRange part = new(from, to);
                model.Modify(index, part, flags);
                Assert.True(tree.TryModify(handle, part, flags, int.MaxValue, out MappingHandle changed));
                Assert.True(tree.RangeOf(changed).Contains(part));
                break;
            case Kind.Extend when above > mapping.End:
                VirtualAddress end = step.Choice % 2 == 0 ? above : Within(mapping.End + Pages(1), above, step.Other);
                model.Extend(index, end);
                tree.ExtendMerging(handle, end);
                break;
            case Kind.SetStart:
                VirtualAddress start = Within(below, mapping.End - Pages(1), step.Choice);
                ulong offset = mapping.PageOffset.Value + (start.Value / PageSize.Bytes) - (mapping.Start.Value / PageSize.Bytes);
                model.Replace(index, mapping with { Range = new AddressRange(start, mapping.End), PageOffset = new PageCount(offset) });
                tree.SetStart(handle, start);
                break;
            case Kind.SetEnd:
                end = Within(mapping.Start + Pages(1), above, step.Choice);
                model.Replace(index, mapping with { Range = new AddressRange(mapping.Start, end) });
                tree.SetEnd(handle, end);
                break;
            case Kind.SetFlags:
                model.Replace(index, mapping with { Flags = flags });
                tree.SetFlags(handle, flags);
                break;
            case Kind.SetAnon:
                AnonIdentity anon = Anons[step.Other % Anons.Length];
                model.Replace(index, mapping with { Anon = anon });
                tree.SetAnon(handle, anon);
                break;
        }
    }

    private static VirtualAddress Within(VirtualAddress low, VirtualAddress high, int choice) =>
        low + Pages(choice % ((int)(high - low).WholePages.Value + 1));

    private static List<Mapping> Contents(MappingTree tree)
    {
        List<Mapping> contents = [];
        for (MappingHandle at = tree.First; at.Exists; at = tree.Next(at))
            contents.Add(tree[at]);
        return contents;
    }

    private readonly record struct Step(Kind Kind, int Page, int Length, int Choice, int Other);
}
