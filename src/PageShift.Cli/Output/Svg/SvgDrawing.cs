using System.Globalization;
using System.Xml;

namespace PageShift.Cli.Output.Svg;

/// <summary>A picture that is written as it is drawn. Lengths are in pixels, from the upper left corner.</summary>
internal sealed class SvgDrawing : IDisposable
{
    /// <summary>What stays free at the sides.</summary>
    internal const double Margin = 24;

    /// <summary>The colours of what has no colour of its own: letters, letters of less weight, and a place with nothing in it.</summary>
    internal const string Ink = "#1f2328";
    internal const string Soft = "#57606a";
    internal const string Empty = "#f0f2f5";

    private const string Namespace = "http://www.w3.org/2000/svg";

    private readonly XmlWriter _xml;

    /// <param name="output">Takes the picture; it stays open.</param>
    /// <param name="width">The width.</param>
    /// <param name="height">The height.</param>
    /// <param name="title">What it shows, for who can't see it.</param>
    internal SvgDrawing(Stream output, double width, double height, string title)
    {
        _xml = XmlWriter.Create(output, new XmlWriterSettings { Indent = true, OmitXmlDeclaration = true, CheckCharacters = false });
        _xml.WriteStartElement("svg", Namespace);
        _xml.WriteAttributeString("viewBox", Text($"0 0 {width} {height}"));
        _xml.WriteAttributeString("width", Text($"{width}"));
        _xml.WriteAttributeString("height", Text($"{height}"));
        _xml.WriteAttributeString("role", "img");
        _xml.WriteAttributeString("font-family", "ui-sans-serif, system-ui, sans-serif");
        _xml.WriteAttributeString("font-size", "13");
        _xml.WriteElementString("title", Namespace, Printable(title));
        Rectangle(0, 0, width, height, "#ffffff");
    }

    /// <summary>A rectangle.</summary>
    internal void Rectangle(double x, double y, double width, double height, string fill, string? stroke = null, string? title = null)
    {
        _xml.WriteStartElement("rect", Namespace);
        Attribute("x", x);
        Attribute("y", y);
        Attribute("width", width);
        Attribute("height", height);
        _xml.WriteAttributeString("fill", fill);
        if (stroke is not null)
            _xml.WriteAttributeString("stroke", stroke);
        if (title is not null)
            _xml.WriteElementString("title", Namespace, Printable(title));
        _xml.WriteEndElement();
    }

    /// <summary>A line of text whose baseline begins, or has its middle, at a point.</summary>
    internal void Label(double x, double y, string text, string fill = Ink, bool isCentred = false, bool isStrong = false, bool isCode = false)
    {
        _xml.WriteStartElement("text", Namespace);
        Attribute("x", x);
        Attribute("y", y);
        _xml.WriteAttributeString("fill", fill);
        if (isCentred)
            _xml.WriteAttributeString("text-anchor", "middle");
        if (isStrong)
            _xml.WriteAttributeString("font-weight", "600");
        if (isCode)
            _xml.WriteAttributeString("font-family", "ui-monospace, monospace");
        _xml.WriteString(Printable(text));
        _xml.WriteEndElement();
    }

    /// <summary>A line.</summary>
    internal void Line(double x1, double y1, double x2, double y2, string stroke)
    {
        _xml.WriteStartElement("line", Namespace);
        Attribute("x1", x1);
        Attribute("y1", y1);
        Attribute("x2", x2);
        Attribute("y2", y2);
        _xml.WriteAttributeString("stroke", stroke);
        _xml.WriteEndElement();
    }

    /// <summary>Ends the picture.</summary>
    public void Dispose()
    {
        _xml.WriteEndElement();
        _xml.Dispose();
    }

    private void Attribute(string name, double value) => _xml.WriteAttributeString(name, Text($"{value:0.##}"));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // A process's or a file's name may hold what XML can't.
    private static string Printable(string text) => string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) ? c : '\ufffd'));
}
