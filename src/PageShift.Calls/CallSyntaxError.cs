using System.Globalization;

namespace PageShift.Calls;

/// <summary>A place in a log that can't be read.</summary>
/// <param name="File">The log's name, as given in <see cref="CallLogOptions.FileName"/>.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1, in characters (Unicode code points).</param>
/// <param name="Found">What stands there.</param>
/// <param name="Expected">What would have been read there.</param>
public readonly record struct CallSyntaxError(string File, long Line, int Column, string Found, string Expected)
{
    /// <summary>One line: <c>file:line:column: found X, expected Y</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}: found {Found}, expected {Expected}");
}
