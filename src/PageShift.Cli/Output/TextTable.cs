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
    private const string Gap = "  ";
    private const int MostOfColumn = 24; // of a column that is not the last, where rows are broken
    private const int LeastOfLast = 12; // of the last column, where it is broken
    private const int BorderedGap = 3;

    /// <summary>Writes to <paramref name="terminal"/>, or where that is null to <paramref name="output"/>, no wider than <paramref name="width"/>.</summary>
    internal static void Write(TextWriter output, IAnsiConsole? terminal, TextColumn[] columns, IReadOnlyList<TextRow> rows, int width)
    {
        if (terminal is not null && terminal.Profile.Width >= Narrowest(columns, rows, BorderedGap))
        {
            WriteBordered(terminal, columns, rows);
            return;
        }

        // A terminal that is narrower breaks the plain lines itself: a table with borders would be cut off there.
        if (terminal is not null)
            width = Math.Min(width, Math.Max(terminal.Profile.Width, Narrowest(columns, rows, Gap.Length)));
        foreach (StyledLine line in Lines(columns, Broken(columns, rows, width)))
            output.WriteLine(line);
    }

    /// <summary>The rows, where a line would be wider than <paramref name="width"/> with their texts broken into several: the last column takes what the others leave.</summary>
    internal static IReadOnlyList<TextRow> Broken(TextColumn[] columns, IReadOnlyList<TextRow> rows, int width)
    {
        if (columns.Select((column, i) => Gap.Length + Math.Max(column.Name.Length, rows.Max(row => row.Cells[i].Length))).Sum() <= width)
            return rows;
        List<string>[][] cells = [.. rows.Select(row => row.Cells[..^1].Select(cell => TextWrap.Lines("", "", cell, MostOfColumn).ToList()).ToArray())];
        int before = columns[..^1].Select((column, i) => Gap.Length + Math.Max(column.Name.Length, cells.Max(row => row[i].Max(piece => piece.Length)))).Sum();
        var broken = new List<TextRow>();
        for (int r = 0; r < rows.Count; r++)
        {
            List<string>[] row = [.. cells[r], [.. TextWrap.Lines("", "", rows[r].Cells[^1], width - before - Gap.Length)]];
            for (int line = 0; line < row.Max(cell => cell.Count); line++)
                broken.Add(rows[r] with { Cells = [.. row.Select(cell => line < cell.Count ? cell[line] : "")] });
        }

        return broken;
    }

    /// <summary>The table in plain columns.</summary>
    internal static IEnumerable<StyledLine> Lines(TextColumn[] columns, IReadOnlyList<TextRow> rows)
    {
        int[] widths = [.. columns.Select((column, i) => Math.Max(column.Name.Length, rows.Max(r => r.Cells[i].Length)))];
        foreach (TextRow row in rows.Prepend(new TextRow(RowTone.Plain, [.. columns.Select(c => c.Name)])))
        {
            IEnumerable<string> padded = row.Cells.Select((cell, i) => columns[i].IsNumber ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            yield return new StyledLine().Add($"{Gap}{string.Join(Gap, padded)}".TrimEnd(), ToneOf(row.Tone));
        }
    }

    /// <summary>The least width of a table in which only the last column is broken.</summary>
    private static int Narrowest(TextColumn[] columns, IReadOnlyList<TextRow> rows, int gap)
    {
        int[] widths = [.. columns.Select((column, i) => gap + Math.Max(column.Name.Length, rows.Max(row => row.Cells[i].Length)))];
        return widths[..^1].Sum() + Math.Min(widths[^1], gap + LeastOfLast);
    }

    private static void WriteBordered(IAnsiConsole terminal, TextColumn[] columns, IReadOnlyList<TextRow> rows)
    {
        var table = new Table { Border = TableBorder.Simple };
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

    private static TextTone ToneOf(RowTone tone) => tone switch
    {
        RowTone.Good => TextTone.Good,
        RowTone.Warning => TextTone.Warning,
        _ => TextTone.Plain,
    };

    private static Style StyleOf(RowTone tone) => tone switch
    {
        RowTone.Good => new Style(Color.Green),
        RowTone.Warning => new Style(Color.Yellow),
        _ => Style.Plain,
    };
}
