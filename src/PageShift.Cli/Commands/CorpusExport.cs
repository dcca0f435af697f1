using System.Globalization;
using PageShift.Cli.Conforming;
using PageShift.Cli.Files;
using PageShift.Cli.Progress;
using PageShift.Verification.Conformance;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift fuzz --export</c>: the fuzzer's sequences, with the running kernel's answers, as a suite of their own.</summary>
internal static class CorpusExport
{
    private const string Option = "-o";

    /// <summary>Makes the cases and writes them: as text (fuzz-SEED.strace), as a program in C, and its Makefile.</summary>
    /// <exception cref="NotPossibleException">There is no kernel here that the engine can be compared with.</exception>
    internal static int Run(ulong seed, int count, string directory)
    {
        OutputFile.CreateDirectory(Option, directory); // rather than find out at the end that the cases can't be kept
        if (LockstepSurroundings.ReasonAgainstCases() is { } unusual)
            throw new NotPossibleException($"--export: {unusual}");
        using LockstepFactory factory = LockstepFactory.TryStart(out string? reason) ?? throw new NotPossibleException($"--export: {reason}");
        var corpus = new FuzzCorpus(factory, seed);
        var cases = new List<ConformanceCase>(count);
        using var interruption = new Interruption();
        using (ProgressLine.Begin(() => string.Create(CultureInfo.InvariantCulture, $"{cases.Count:n0} of {count:n0} cases")))
        {
            while (cases.Count < count && interruption.Signal == 0)
                cases.Add(corpus.Next());
        }

        if (interruption.Signal != 0)
            return ExitCode.OfSignal(interruption.Signal);
        string[] files = ExportedFiles.Write(Option, directory, cases);
        string log = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"fuzz-{seed}.strace"));
        ExportedFiles.Write(Option, log, string.Join("\n\n", cases.Select(one => one.Text).Prepend($"# sequences of 'pageshift fuzz', seed {seed}")) + "\n");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", files)}, {log}: {cases.Count:n0} cases of {corpus.Tried:n0} sequences. Build and run: make -C {directory} check"));
        if (corpus.Differing == 0)
            return ExitCode.Done;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pageshift: {corpus.Differing} sequences were left out as engine and kernel differ, the first {corpus.FirstDifference}; 'pageshift fuzz' looks into such differences"));
        return ExitCode.Divergence;
    }
}
