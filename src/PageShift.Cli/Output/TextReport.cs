using Spectre.Console;

namespace PageShift.Cli.Output;

/// <summary>Where a report for people goes: lines, and tables with borders and colour on a terminal, in plain columns elsewhere.</summary>
internal sealed class TextReport : IDisposable
{
    /// <summary>The columns of a report, unless one word is wider.</summary>
    internal const int Width = 100;

    private readonly TextWriter _output;
    private readonly IAnsiConsole? _terminal;
    private readonly bool _isOwned;

    private TextReport(TextWriter output, IAnsiConsole? terminal, bool isOwned)
    {
        _output = output;
        _terminal = terminal;
        _isOwned = isOwned;
    }

    internal static TextReport OnStandardOutput() => On(Console.Out, Console.IsOutputRedirected);

    internal static TextReport OnStandardError() => On(Console.Error, Console.IsErrorRedirected);

    /// <summary>A report that ends up in a file; the writer is closed with it.</summary>
    internal static TextReport Plain(TextWriter output) => new(output, null, isOwned: true);

    /// <summary>Closes the file, if it is one.</summary>
    public void Dispose()
    {
        if (_isOwned)
            _output.Dispose();
    }

    /// <summary>A line, or the lines into which a long sentence is broken: what follows the first is indented by two columns more.</summary>
    internal void Line(string text = "")
    {
        if (text.Length <= Width)
        {
            Verbatim(text);
            return;
        }

        int indent = text.AsSpan().IndexOfAnyExcept(' ');
        string margin = new(' ', indent);
        foreach (string line in TextWrap.Lines(margin, $"{margin}  ", text[indent..], Width))
            _output.WriteLine(line);
    }

    /// <summary>A line that is to be read by a program too, however wide it is.</summary>
    internal void Verbatim(string line) => _output.WriteLine(line);

    /// <summary>A line with tones, which only a terminal shows.</summary>
    internal void Line(StyledLine line)
    {
        if (_terminal is null)
        {
            _output.WriteLine(line.ToString().TrimEnd());
            return;
        }

        foreach ((string text, TextTone tone) in line.Pieces)
            _terminal.Write(text, StyleOf(tone));
        _terminal.WriteLine();
    }

    /// <summary>A table whose last column is broken into lines where it is too wide.</summary>
    internal void Table(TextColumn[] columns, IReadOnlyList<TextRow> rows) => TextTable.Write(_output, _terminal, columns, rows, Width);

    /// <summary>The same in plain columns, on a terminal too.</summary>
    internal void PlainTable(TextColumn[] columns, IReadOnlyList<TextRow> rows)
    {
        foreach (StyledLine line in TextTable.Lines(columns, TextTable.Broken(columns, rows, Width)))
            Line(line);
    }

    private static Style StyleOf(TextTone tone) => tone switch
    {
        TextTone.Strong => new Style(decoration: Decoration.Bold),
        TextTone.Faint => new Style(Color.Grey),
        TextTone.Good => new Style(Color.Green),
        TextTone.Warning => new Style(Color.Yellow),
        TextTone.Mark => new Style(Color.Aqua, decoration: Decoration.Bold),
        _ => Style.Plain,
    };

    private static TextReport On(TextWriter output, bool isRedirected) => new(
        output, isRedirected ? null : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }), isOwned: false);
}
