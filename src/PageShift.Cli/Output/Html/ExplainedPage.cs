using System.Text;
using PageShift.Cli.Explaining;
using PageShift.Cli.Files;
using PageShift.Cli.Running;

namespace PageShift.Cli.Output.Html;

/// <summary>The page of an explained move: that of <c>run</c>, of the calls up to it, open at it.</summary>
internal static class ExplainedPage
{
    /// <summary>Writes the page of a log's call.</summary>
    internal static void Write(Stream page, LogSettings settings, LogPlace place)
    {
        using Stream log = InputFile.Open(place.File, "a log");
        Write(page, settings, place.ToString(), log, place.Line);
    }

    /// <summary>Writes the page of a described move, as that of a log that has the mapping, the calls before the move, and the move.</summary>
    internal static void Write(Stream page, LogSettings settings, DescribedMove move)
    {
        const string Private = "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0";
        string moving = move.IsStackMove
            ? FormattableString.Invariant($"relocate_vma_down({move.Old}, {move.Length.Value}, {(move.Old - move.New).Value})")
            : FormattableString.Invariant($"mremap({move.Old}, {move.Length.Value}, {move.Length.Value}, MREMAP_MAYMOVE|MREMAP_FIXED, {move.New})");
        string[] lines = [FormattableString.Invariant($"mmap({move.Old}, {move.Length.Value}, {Private})"), .. move.Before, moving];
        using var log = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        Write(page, settings, "one move", log, lines.Length);
    }

    private static void Write(Stream page, LogSettings settings, string name, Stream log, long line)
    {
        var run = new RunSettings(settings, name);
        using var output = new RunHtml(page, line);
        _ = LogRun.Execute(run, output, log, line);
    }
}
