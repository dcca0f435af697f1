using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Cli.Running;
using PageShift.Moving;
using Spectre.Console;

namespace PageShift.Cli.Output;

/// <summary>The report of <c>run</c> for people: a table per move, the largest first, and a summary. Colour and borders only on a terminal.</summary>
internal static class RunText
{
    private static readonly string[] Columns = ["policy", "entries moved", "slots", "tables +/-", "flushes", "why"];

    internal static void Write(RunReport report, int most)
    {
        TextWriter output = Console.Out;
        output.WriteLine(Heading(report));
        IEnumerable<MoveReport> shown = report.Moves;
        if (report.Moves.Count > most)
        {
            shown = report.Moves.OrderByDescending(m => m.Policies.Max(p => p.Cost.Entries)).ThenBy(m => m.Line).Take(most);
            output.WriteLine($"The {most} largest of {Describe.Number((ulong)report.Moves.Count)} moves (--top shows more, --format json all):");
        }

        foreach (MoveReport move in shown)
            WriteMove(output, move);
        WriteSummary(output, report);
        WriteNotes(output, report);
        foreach (Divergence divergence in report.Divergences)
            output.WriteLine($"{report.Settings.File}:{divergence.Line}: {divergence.Call} diverges: expected {divergence.Expected}, got {divergence.Actual}");
        if (report.DivergenceCount > report.Divergences.Count)
            output.WriteLine($"and {report.DivergenceCount - report.Divergences.Count} divergences more");
    }

    private static string Heading(RunReport report)
    {
        string present = report.Settings.Populate switch
        {
            PopulateAssumption.All => "every page of private writable mappings is taken to be present",
            PopulateAssumption.Written => "only pages that the log's memset lines wrote are taken to be present",
            _ => "no page is taken to be present but those that calls populate",
        };
        return $"{report.Settings.File}: {Count(report.Statistics.Calls, "call")}, {Count(report.Statistics.Moves, "move")}; {present}";
    }

    private static void WriteMove(TextWriter output, MoveReport move)
    {
        string thread = move.ThreadId == 0 ? "" : $", thread {move.ThreadId}";
        output.WriteLine();
        output.WriteLine($"line {move.Line}{thread}: {move.Call} moves {Describe.Size(move.Request.Length.Value)} from {move.Request.Old} to {move.Request.New}, {Describe.Congruence(move.Congruence)}");
        WriteTable(output, Columns, move.Policies.Select(p => Row(move, p)));
    }

    private static string[] Row(MoveReport move, PolicyReport policy) =>
    [
        MovePolicyName.Of(policy.Policy),
        Describe.Entries(policy.Cost),
        Describe.Number(policy.Cost.SlotsVisited),
        $"{policy.Cost.TablesAllocated}/{policy.Cost.TablesFreed}",
        Describe.Number(policy.Cost.TlbFlushes),
        Describe.Reason(move, policy),
    ];

    private static void WriteSummary(TextWriter output, RunReport report)
    {
        if (report.Moves.Count < 2)
            return;
        output.WriteLine();
        output.WriteLine($"All {Describe.Number((ulong)report.Moves.Count)} moves together:");
        var rows = new List<string[]>();
        for (int i = 0; i < report.Settings.Policies.Count; i++)
        {
            var total = new MoveCost();
            foreach (MoveReport move in report.Moves)
                total = Add(total, move.Policies[i].Cost);
            rows.Add([MovePolicyName.Of(report.Settings.Policies[i]), Describe.Entries(total), Describe.Number(total.SlotsVisited), $"{total.TablesAllocated}/{total.TablesFreed}", Describe.Number(total.TlbFlushes), ""]);
        }

        WriteTable(output, Columns, rows);
    }

    private static MoveCost Add(MoveCost sum, in MoveCost cost) => sum with
    {
        Pgd = sum.Pgd + cost.Pgd,
        P4d = sum.P4d + cost.P4d,
        Pud = sum.Pud + cost.Pud,
        Pmd = sum.Pmd + cost.Pmd,
        Pte = sum.Pte + cost.Pte,
        SlotsVisited = sum.SlotsVisited + cost.SlotsVisited,
        TablesAllocated = sum.TablesAllocated + cost.TablesAllocated,
        TablesFreed = sum.TablesFreed + cost.TablesFreed,
        TlbFlushes = sum.TlbFlushes + cost.TlbFlushes,
    };

    private static void WriteNotes(TextWriter output, RunReport report)
    {
        LogStatistics statistics = report.Statistics;
        var notes = new List<string>();
        if (statistics.InferredMappings != 0)
            notes.Add($"{Count(statistics.InferredMappings, "mapping")} ({Describe.Size(statistics.InferredBytes)}) inferred from calls that presuppose them");
        if (statistics.FailedCalls != 0)
            notes.Add($"{Count(statistics.FailedCalls, "call")} failed in the log and not repeated");
        if (statistics.UnsupportedCalls != 0)
            notes.Add($"{Count(statistics.UnsupportedCalls, "call")} of a kind that is not modelled");
        if (statistics.UnknownOutcomes != 0)
            notes.Add($"{Count(statistics.UnknownOutcomes, "call")} of unknown outcome, left out");
        if (statistics.LeftUnpopulated != 0)
            notes.Add($"{Count(statistics.LeftUnpopulated, "range")} of over {Describe.Size(LogExecutor.LargestPopulated)} left unpopulated");
        if (report.Counts.Warnings != 0)
            notes.Add($"{Count(report.Counts.Warnings, "line")} that can't be read, passed over");
        if (notes.Count == 0)
            return;
        output.WriteLine();
        foreach (string note in notes)
            output.WriteLine($"note: {note}");
        foreach (CallSyntaxError warning in report.Warnings)
            output.WriteLine($"warning: {warning}");
    }

    private static string Count(long count, string noun) => $"{Describe.Number((ulong)count)} {noun}{(count == 1 ? "" : "s")}";

    private static void WriteTable(TextWriter output, string[] columns, IEnumerable<string[]> rows)
    {
        if (Console.IsOutputRedirected)
            WritePlain(output, columns, [.. rows]);
        else
            WriteBordered(columns, rows);
    }

    private static void WritePlain(TextWriter output, string[] columns, IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. columns.Select((name, i) => Math.Max(name.Length, rows.Max(r => r[i].Length)))];
        foreach (string[] row in rows.Prepend(columns))
            output.WriteLine($"  {row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2].PadLeft(widths[2])}  {row[3].PadLeft(widths[3])}  {row[4].PadLeft(widths[4])}  {row[5]}".TrimEnd());
    }

    private static void WriteBordered(string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = TableBorder.Rounded };
        for (int i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(new Text(columns[i]));
            table.AddColumn(i is 2 or 3 or 4 ? column.RightAligned() : column.LeftAligned());
        }

        foreach (string[] row in rows)
        {
            bool ours = row[0] == MovePolicyName.Of(MovePolicy.PageShift);
            table.AddRow(row.Select(cell => new Text(cell, ours ? new Style(Color.Green) : Style.Plain)));
        }

        AnsiConsole.Write(table);
    }
}
