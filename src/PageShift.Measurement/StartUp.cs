using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PageShift.Measurement;

/// <summary>How long the tool takes for a small log, from its start to its end, beside another program of its kind.</summary>
public sealed class StartUp() : SpeedRow("NativeAOT, whole process: run the email's program", "strace --version, whole process", new Target(RatioKind.Times, 5))
{
    private const string EmailLog = """
        mmap(0x8100000, 2*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x8100000
        memset(0x8100000, 0xff, 2*MB)
        mremap(0x8100000, 2*MB, 2*MB, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f00000) = 0x7f00000

        """;

    private const int FewestRounds = 9;

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        if (RuntimeFeature.IsDynamicCodeSupported || Environment.ProcessPath is not { } tool)
            return NotPossible("this is not the tool compiled by NativeAOT; docs/speed.md says how to build that");
        string log = Path.GetTempFileName();
        try
        {
            File.WriteAllText(log, EmailLog);
            var ours = new List<double>();
            var other = new List<double>();
            long start = Stopwatch.GetTimestamp();
            while (ours.Count < FewestRounds || Stopwatch.GetElapsedTime(start) < time)
            {
                ours.Add(Start(tool, "run", log));
                other.Add(Start("strace", "--version"));
            }

            ours.Sort();
            other.Sort();
            return Judge(new Quantity(ours[ours.Count / 2], Unit.Nanoseconds), new Quantity(other[other.Count / 2], Unit.Nanoseconds));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return NotPossible("strace is not installed");
        }
        finally
        {
            File.Delete(log);
        }
    }

    private static double Start(string program, params string[] arguments)
    {
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? Stopwatch.GetElapsedTime(start).TotalNanoseconds
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }
}
