using System.CommandLine;
using PageShift.Cli.Files;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Html;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Running;
using PageShift.PageTables;
using PageShift.Verification.Checking;
using PageShift.Verification.Kernels;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift run FILE</c>: runs a log, and shows what its moves cost.</summary>
internal static class RunCommand
{
    private static readonly Argument<string[]> File = new("FILE")
    {
        Description = "A log in strace's format, such as strace -f -e trace=%memory,%process writes; - for standard input. The files of one strace -ff are read as one log, by time where they have times.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Format = CommonOptions.Format();

    private static readonly LogOptions Log = new(
        "Show this policy only; may be given several times, and the first makes the moves. Without it all are shown, and pageshift makes the moves. Beside the running kernel, the policy that fits it makes them.");

    private static readonly Option<string> On = Choice.One(
        "--on",
        "Where the calls are made: on the engine; on the running kernel, which is measured; or on both, in turn.",
        "engine",
        "linux",
        "both");

    private static readonly Option<bool> Verify = new("--verify") { Description = "Compare every result with the one after '=' in the log; exit 1 if one differs, or if there is none to compare." };

    private static readonly Option<int> Top = CommonOptions.Top();

    private static readonly Option<string?> Html = CommonOptions.Html();

    internal static Command Create()
    {
        var command = new Command("run", "Run a log of system calls, and show what every move costs under each policy and why.")
        {
            File, Format, Html, On, Verify, Top,
        };
        Log.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        LogSettings log = Log.Read(parsed);
        Executors on = Enum.Parse<Executors>(parsed.GetValue(On)!, ignoreCase: true);
        RunningKernel? kernel = on == Executors.Engine ? null : FindKernel();
        if (on != Executors.Engine && log.Geometry != PagingGeometry.X86)
            throw new UsageException($"--geometry: found {GeometryName.Of(log.Geometry)}, but the running kernel's page tables are {GeometryName.Of(PagingGeometry.X86)} here");
        if (kernel is { } running)
        {
            if (Log.NamesKernel(parsed))
                throw new UsageException("found --kernel and --on, expected one or the other: beside the running kernel the engine follows that one");
            log = log with { Profile = running.Profile };
            if (on == Executors.Linux && !Log.NamesPolicy(parsed))
                log = log with { Policies = [running.Policy] };
        }

        var settings = new RunSettings(log, parsed.GetValue(File)!)
        {
            // Beside the kernel the tables have to be as the kernel leaves them.
            Executing = kernel?.Policy ?? log.Executing,
            On = on,
            Kernel = kernel,
            Verify = parsed.GetValue(Verify),
        };
        foreach (string file in settings.Files)
            OutputFile.RefuseSame(Html.Name, parsed.GetValue(Html), file, "the log itself");
        using PageFile? page = PageFile.Open(Html.Name, parsed.GetValue(Html));
        using Stream standardOutput = StandardStreams.OpenOutput();
        IRunOutput report = parsed.GetValue(Format) == "json" ? new RunJson(standardOutput) : new RunText(parsed.GetValue(Top));
        using IRunOutput output = page is null ? report : new RunOutputs(report, new RunHtml(page.Stream));
        RunReport result = LogRun.Execute(settings, output);
        page?.Complete();
        return result.HasDivergence || result.HasNoVerdict ? ExitCode.Divergence : ExitCode.Done;
    }

    private static RunningKernel FindKernel() => RunningKernel.TryProbe(out string? reason) ?? throw new NotPossibleException(reason!);
}
