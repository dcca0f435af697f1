using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace PageShift.Cli.Output.Html;

/// <summary>Writes the self-contained page: the built page of page/, with the data in it.</summary>
internal static class HtmlPage
{
    private const string Resource = "page.html";
    private const string DataMark = "<!--data-->";

    /// <summary>Writes the page. The data is JSON, packed with gzip and written in base64, so that no text of a log can end its element.</summary>
    /// <param name="output">Takes the page.</param>
    /// <param name="writeReport">Writes the report, as <c>--format json</c> does.</param>
    /// <param name="writePlans">Writes what <see cref="PlanSpool"/> kept.</param>
    /// <param name="writeCalls">Writes what <see cref="CallRecorder"/> kept.</param>
    internal static void Write(Stream output, Action<Stream> writeReport, Action<Stream> writePlans, Action<Stream> writeCalls)
    {
        (string head, string tail) = ReadTemplate();
        output.Write(Encoding.UTF8.GetBytes(head));
        WriteData(output, "report", writeReport);
        WriteData(output, "plans", writePlans);
        WriteData(output, "calls", writeCalls);
        output.Write(Encoding.UTF8.GetBytes(tail));
        output.Flush();
        if (output.CanSeek)
            output.SetLength(output.Position); // an earlier page may have been longer
    }

    private static void WriteData(Stream output, string name, Action<Stream> write)
    {
        output.Write(Encoding.UTF8.GetBytes($"<script type=\"text/plain\" data-encoding=\"gzip base64\" id=\"{name}\">"));
        // A browser unpacks it faster than it reads a page that is twenty times as long.
        using (var encoded = new CryptoStream(output, new ToBase64Transform(), CryptoStreamMode.Write, leaveOpen: true))
        using (var packed = new GZipStream(encoded, CompressionLevel.Optimal))
            write(packed);
        output.Write("</script>\n"u8);
    }

    private static (string Head, string Tail) ReadTemplate()
    {
        using Stream resource = typeof(HtmlPage).Assembly.GetManifestResourceStream(Resource) ?? throw new UnreachableException("The page is not in the assembly.");
        using var reader = new StreamReader(resource);
        string template = reader.ReadToEnd();
        int mark = template.IndexOf(DataMark, StringComparison.Ordinal);
        return (template[..mark], template[(mark + DataMark.Length)..]);
    }
}
