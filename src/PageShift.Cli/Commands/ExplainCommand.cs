using System.CommandLine;
using System.Globalization;
using PageShift.Calls;
using PageShift.Cli.Explaining;
using PageShift.Cli.Files;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Html;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Output.Svg;
using PageShift.Cli.Running;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift explain</c>: one move, with its plan, its boundaries, its tables before and after, and its cost.</summary>
internal static class ExplainCommand
{
    private const string OldName = "--old";
    private const string NewName = "--new";
    private const string LengthName = "--length";

    private static readonly Argument<string?> Place = new("FILE:LINE")
    {
        Description = "A log in strace's format, and the line of a call that moves a mapping. Without it the move is described by options.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Old = new(OldName) { Description = "Where the mapping is: a number such as 0x8100000 or 129MiB, or an expression such as '128*MB + 1*MB'.", HelpName = "ADDRESS" };

    private static readonly Option<string?> New = new(NewName) { Description = "Where it goes.", HelpName = "ADDRESS" };

    private static readonly Option<string?> Length = new(LengthName) { Description = "How many bytes move.", HelpName = "LENGTH" };

    private static readonly Option<string[]> With = new(ExplainRun.WithOption)
    {
        Description = "A call to make before the move, such as 'mmap(…)', 'memset(…)' or 'munmap(…)'; may be given several times. What is still not mapped at the old place then is mapped.",
        HelpName = "CALL",
    };

    private static readonly Option<bool> Stack = new("--stack") { Description = "The move is execve's move of the stack (relocate_vma_down). This is assumed anyway when the places overlap." };

    private static readonly Option<string> Format = CommonOptions.Format();

    private static readonly LogOptions Log = new(
        "Show this policy only; may be given several times. The plan and the tables shown are those of the first; without it all are shown, and the plan is pageshift's.");

    private static readonly Option<string?> Html = CommonOptions.Html();

    private static readonly Option<string?> Svg = CommonOptions.Svg();

    internal static Command Create()
    {
        var command = new Command("explain", "Explain one move: where it lies, what moves whole and what does not, the plan, the tables, the cost.")
        {
            Place, Old, New, Length, With, Stack, Format, Html, Svg,
        };
        Log.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        LogSettings log = Log.Read(parsed);
        LogSettings settings = log with { Policies = [.. log.Policies.Order()] };
        LogPlace? place = PlaceOf(parsed);
        if (place is null && settings.MachineRequest is { IsEmpty: false } asked)
            settings = ExplainRun.Known(settings, MachineOptions.Named(asked)) with { MachineRequest = null };
        DescribedMove? described = place is null ? MoveOf(parsed, settings.Geometry) : null;
        Explanation explanation = described is null ? ExplainRun.Explain(settings, place!) : ExplainRun.Explain(settings, described);
        OutputFile.RefuseSame(Html.Name, parsed.GetValue(Html), place?.File, "the log itself");
        OutputFile.RefuseSame(Svg.Name, parsed.GetValue(Svg), place?.File, "the log itself");
        OutputFile.RefuseSame(Svg.Name, parsed.GetValue(Svg), parsed.GetValue(Html), "the page");
        PageFile.Write(Html.Name, parsed.GetValue(Html), stream =>
        {
            if (described is null)
                ExplainedPage.Write(stream, settings, place!);
            else
                ExplainedPage.Write(stream, settings, described);
        });
        PageFile.Write(Svg.Name, parsed.GetValue(Svg), stream => ExplainSvg.Write(stream, explanation));
        if (parsed.GetValue(Format) == "json")
        {
            ExplainJson.Write(place, explanation);
            return ExitCode.Done;
        }

        using var text = new ExplainText();
        text.Write(place, explanation);
        return ExitCode.Done;
    }

    /// <summary>The log's call that is to be explained; null when options describe a move.</summary>
    private static LogPlace? PlaceOf(ParseResult parsed)
    {
        if (parsed.GetValue(Place) is not { } text)
            return null;
        foreach (Option option in (Option[])[Old, New, Length, With, Stack])
        {
            if (parsed.GetResult(option) is { Implicit: false })
                throw new UsageException($"found {text} and {option.Name}, expected one or the other");
        }

        int colon = text.LastIndexOf(':');
        if (colon < 1 || !long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long line) || line == 0)
            throw new UsageException($"found '{text}', expected FILE:LINE, such as samples/stack.strace:6");
        return new LogPlace(text[..colon], line);
    }

    private static DescribedMove MoveOf(ParseResult parsed, PagingGeometry geometry)
    {
        VirtualAddress limit = geometry.UserLimit;
        ByteLength page = geometry.Span(PageTableLevel.Pte);
        var old = new VirtualAddress(Number(OldName, parsed.GetValue(Old)));
        var to = new VirtualAddress(Number(NewName, parsed.GetValue(New)));
        ulong bytes = Number(LengthName, parsed.GetValue(Length));
        if (bytes == 0 || bytes > limit.Value)
            throw new UsageException($"{LengthName}: found {bytes}, expected 1 to {limit.Value}");
        var length = new ByteLength(PageSize.RoundUpWrapping(bytes, page.Value));
        CheckPlace(OldName, old, length, limit, page);
        CheckPlace(NewName, to, length, limit, page);
        if (old == to)
            throw new UsageException($"{NewName}: found {to}, where the mapping is already, expected another place");
        bool overlap = new AddressRange(old, length).Overlaps(new AddressRange(to, length));
        bool isStackMove = parsed.GetValue(Stack) || overlap;
        if (isStackMove && to > old)
            throw new UsageException($"{NewName}: found {to}, above {old}{(overlap ? " and overlapping" : "")}, expected a place below: only execve's move of the stack may overlap, and it goes down");
        string[] before = parsed.GetValue(With) ?? [];
        return before.Any(string.IsNullOrWhiteSpace)
            ? throw new UsageException($"{With.Name}: found nothing, expected a call such as mmap(…) or munmap(…)")
            : new DescribedMove(old, to, length, isStackMove, before);
    }

    private static ulong Number(string option, string? text)
    {
        if (text is null)
            throw new UsageException($"found no {option}, expected FILE:LINE, or {OldName}, {NewName} and {LengthName}");
        if (!IntegerExpression.TryParse(text, out ulong value, out string? error))
            throw new UsageException($"{option}: {error}");
        return value;
    }

    private static void CheckPlace(string option, VirtualAddress start, ByteLength length, VirtualAddress limit, ByteLength page)
    {
        if (!start.IsAligned(page))
            throw new UsageException($"{option}: found {start}, expected a multiple of {page.Value}");
        if (start > limit || limit - start < length)
            throw new UsageException($"{option}: found {start}, expected a range that ends at or below {limit}");
    }
}
