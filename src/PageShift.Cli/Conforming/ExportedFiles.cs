using PageShift.Cli.Files;
using PageShift.Verification.Conformance;

namespace PageShift.Cli.Conforming;

/// <summary>The suite as files: a program in C and its Makefile.</summary>
internal static class ExportedFiles
{
    /// <summary>Writes both to a directory, which is made if need be, and names them.</summary>
    /// <param name="option">The option that gives the directory, for what is said of an error.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="cases">The cases.</param>
    internal static string[] Write(string option, string directory, IReadOnlyCollection<ConformanceCase> cases)
    {
        OutputFile.CreateDirectory(option, directory);
        string source = Path.Combine(directory, ConformanceProgram.SourceName), makefile = Path.Combine(directory, ConformanceProgram.MakefileName);
        Write(option, source, ConformanceProgram.Write(cases, SuiteVersion.Text));
        Write(option, makefile, ConformanceProgram.WriteMakefile());
        return [source, makefile];
    }

    /// <summary>Writes one text file.</summary>
    internal static void Write(string option, string file, string text)
    {
        using var writer = new StreamWriter(OutputFile.Create(option, file));
        writer.Write(text);
    }
}
