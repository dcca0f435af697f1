using Spectre.Console;

namespace PageShift.Cli.Output;

/// <summary>A column of a <see cref="TextTable"/>.</summary>
internal readonly record struct TextColumn(string Name, bool IsNumber);

/// <summary>How a row is to be seen on a terminal.</summary>
internal enum RowTone
{
    Plain,
    Good,
    Warning,
}

/// <summary>A row of a <see cref="TextTable"/>.</summary>
internal readonly record struct TextRow(RowTone Tone, string[] Cells);

/// <summary>A table of text: borders and colour on a terminal, plain columns elsewhere.</summary>
internal static class TextTable
{
    /// <summary>Writes to <paramref name="terminal"/>, or where that is null to <paramref name="output"/>.</summary>
    internal static void Write(TextWriter output, IAnsiConsole? terminal, TextColumn[] columns, IReadOnlyList<TextRow> rows, int? width = null)
    {
        if (terminal is null)
            WritePlain(output, columns, width is { } most ? Broken(columns, rows, most) : rows);
        else
            WriteBordered(terminal, columns, rows, width);
    }

    /// <summary>The rows with the last column broken into lines, so that none is wider than <paramref name="width"/>.</summary>
    private static List<TextRow> Broken(TextColumn[] columns, IReadOnlyList<TextRow> rows, int width)
    {
        int before = columns[..^1].Select((column, i) => 2 + Math.Max(column.Name.Length, rows.Max(r => r.Cells[i].Length))).Sum();
        var broken = new List<TextRow>();
        foreach (TextRow row in rows)
        {
            string[] cells = [.. row.Cells[..^1]];
            foreach (string line in TextWrap.Lines("", "", row.Cells[^1], width - before - 2))
            {
                broken.Add(row with { Cells = [.. cells, line] });
                Array.Fill(cells, "");
            }
        }

        return broken;
    }

    private static void WritePlain(TextWriter output, TextColumn[] columns, IReadOnlyList<TextRow> rows)
    {
        int[] widths = [.. columns.Select((column, i) => Math.Max(column.Name.Length, rows.Max(r => r.Cells[i].Length)))];
        foreach (string[] cells in rows.Select(r => r.Cells).Prepend([.. columns.Select(c => c.Name)]))
        {
            IEnumerable<string> padded = cells.Select((cell, i) => columns[i].IsNumber ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            output.WriteLine($"  {string.Join("  ", padded)}".TrimEnd());
        }
    }

    private static void WriteBordered(IAnsiConsole terminal, TextColumn[] columns, IReadOnlyList<TextRow> rows, int? width)
    {
        var table = new Table { Border = TableBorder.Simple };
        if (width is { } most && most < terminal.Profile.Width)
            table.Width = most;
        foreach (TextColumn column in columns)
        {
            var tableColumn = new TableColumn(new Text(column.Name));
            if (column.IsNumber || table.Columns.Count == 0)
                tableColumn.NoWrap();
            table.AddColumn(column.IsNumber ? tableColumn.RightAligned() : tableColumn.LeftAligned());
        }

        foreach (TextRow row in rows)
            table.AddRow(row.Cells.Select(cell => new Text(cell, StyleOf(row.Tone))));
        terminal.Write(table);
    }

    private static Style StyleOf(RowTone tone) => tone switch
    {
        RowTone.Good => new Style(Color.Green),
        RowTone.Warning => new Style(Color.Yellow),
        _ => Style.Plain,
    };
}
