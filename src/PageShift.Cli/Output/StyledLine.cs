namespace PageShift.Cli.Output;

/// <summary>How a piece of text is to be seen on a terminal.</summary>
internal enum TextTone
{
    Plain,
    Strong,
    Faint,
    Good,
    Warning,
    Mark,
}

/// <summary>A line of text whose pieces have tones.</summary>
internal sealed class StyledLine
{
    private readonly List<(string Text, TextTone Tone)> _pieces = [];

    internal IReadOnlyList<(string Text, TextTone Tone)> Pieces => _pieces;

    internal int Length { get; private set; }

    internal StyledLine Add(string text, TextTone tone = TextTone.Plain)
    {
        if (text.Length != 0)
            _pieces.Add((text, tone));
        Length += text.Length;
        return this;
    }

    internal StyledLine Add(StyledLine other)
    {
        foreach ((string text, TextTone tone) in other.Pieces)
            Add(text, tone);
        return this;
    }

    /// <summary>Adds blanks up to a column, counted from 0.</summary>
    internal StyledLine PadTo(int column) => Add(new string(' ', Math.Max(0, column - Length)));

    public override string ToString() => string.Concat(_pieces.Select(p => p.Text));
}
