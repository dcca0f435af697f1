using System.CommandLine;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Html;
using PageShift.Cli.Running;
using PageShift.Linux;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification;
using PageShift.Verification.Checking;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift run FILE</c>: runs a log, and shows what its moves cost.</summary>
internal static class RunCommand
{
    private static readonly Argument<string> File = new("FILE") { Description = "A log in strace's format, such as strace -f -e trace=%memory,%process writes; - for standard input." };

    private static readonly Option<string> Format = CommonOptions.Format();

    private static readonly Option<MovePolicy[]> Policy = Choice.Several(
        "--policy",
        "Show this policy only; may be given several times, and the first makes the moves. Without it all are shown, and pageshift makes the moves. Beside the running kernel, the policy that fits it makes them.",
        MovePolicyName.All,
        MovePolicyName.Of);

    private static readonly Option<string> Populate = CommonOptions.Populate();

    private static readonly Option<string> On = Choice.One(
        "--on",
        "Where the calls are made: on the engine; on the running kernel, which is measured; or on both, in turn.",
        "engine",
        "linux",
        "both");

    private static readonly Option<PagingGeometry?> Geometry = new("--geometry")
    {
        Description = "The shape of the page tables, as levels x entries of a table: 4x512 (the default) and 5x512 are x86-64's; 2 to 5 levels of 2, 4, 8 ... 256 entries make a small world.",
        HelpName = "LxE",
        CustomParser = result =>
        {
            string name = result.Tokens[0].Value;
            if (!GeometryName.TryParse(name, out PagingGeometry geometry))
                result.AddError($"--geometry: found '{name}', expected levels and entries of a table, such as 4x512, 5x512 or 3x4");
            return geometry;
        },
    };

    private static readonly Option<bool> Verify = new("--verify") { Description = "Compare every result with what stands behind '='; exit 1 when one differs." };

    private static readonly Option<bool> Lenient = new("--lenient") { Description = "Count lines that can't be read as warnings, instead of stopping at the first." };

    private static readonly Option<int> Top = CommonOptions.Top();

    private static readonly Option<string?> Html = CommonOptions.Html();

    internal static Command Create()
    {
        var command = new Command("run", "Run a log of system calls: what every move costs under every policy, and why.")
        {
            File, Format, Html, On, Policy, Populate, Geometry, Verify, Lenient, Top,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        MovePolicy[] policies = parsed.GetValue(Policy)!;
        Executors on = Enum.Parse<Executors>(parsed.GetValue(On)!, ignoreCase: true);
        (KernelVersion Version, MovePolicy Policy)? kernel = on == Executors.Engine ? null : FindKernel();
        PagingGeometry geometry = parsed.GetValue(Geometry) ?? PagingGeometry.X86;
        if (on != Executors.Engine && geometry != PagingGeometry.X86)
            throw new UsageException($"--geometry: found {GeometryName.Of(geometry)}, but the running kernel's page tables are {GeometryName.Of(PagingGeometry.X86)} here");
        if (policies.Length == 0 && on == Executors.Linux)
            policies = [kernel!.Value.Policy];
        var settings = new RunSettings
        {
            File = parsed.GetValue(File)!,
            Policies = policies.Length == 0 ? MovePolicyName.All : [.. policies.Distinct()],
            // Beside the kernel the tables have to be as the kernel leaves them.
            Executing = kernel?.Policy ?? (policies.Length == 0 ? MovePolicy.PageShift : policies[0]),
            On = on,
            Kernel = kernel,
            Geometry = geometry,
            Populate = CommonOptions.PopulateOf(parsed.GetValue(Populate)!),
            Verify = parsed.GetValue(Verify),
            Lenient = parsed.GetValue(Lenient),
        };
        OutputFile.RefuseSame(Html.Name, parsed.GetValue(Html), settings.File, "the log itself");
        using PageFile? page = PageFile.Open(parsed.GetValue(Html));
        using Stream standardOutput = Console.OpenStandardOutput();
        IRunOutput report = parsed.GetValue(Format) == "json" ? new RunJson(standardOutput) : new RunText(parsed.GetValue(Top));
        using IRunOutput output = page is null ? report : new RunOutputs(report, new RunHtml(page.Stream, geometry));
        bool hasDivergence = LogRun.Execute(settings, output).HasDivergence;
        page?.Complete();
        return hasDivergence ? ExitCode.Divergence : ExitCode.Done;
    }

    private static (KernelVersion Version, MovePolicy Policy) FindKernel()
    {
        if (PlatformSupport.MissingReason is { } reason)
            throw new NotPossibleException(reason);
        KernelVersion version = KernelVersion.ReadRunning() ?? throw new NotPossibleException("the running kernel's version can't be read from /proc/sys/kernel/osrelease");
        return (version, KernelPolicy.Of(version));
    }
}
