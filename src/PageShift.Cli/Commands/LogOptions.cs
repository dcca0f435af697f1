using System.CommandLine;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Cli.Explaining;
using PageShift.Cli.Running;
using PageShift.Linux.Settings;
using PageShift.Moving;
using PageShift.PageTables;

namespace PageShift.Cli.Commands;

/// <summary>The options that say how a log is read and executed. Every verb that reads one has them all.</summary>
internal sealed class LogOptions
{
    private readonly Option<MovePolicy[]> _policy;

    private readonly Option<string> _populate = Choice.One(
        "--populate",
        "Which pages count as present: all of private writable mappings (an upper bound), those that memset lines wrote, or none.",
        "all",
        "written",
        "none");

    private readonly MachineOptions _machine = MachineOptions.OfLog();

    private const string LenientName = "--lenient";

    private const string StrictName = "--strict";

    private readonly Option<KernelProfile?> _kernel = new("--kernel")
    {
        Description = "The release of Linux that the log is from, such as 6.1: what it has, what it refuses, how often it flushes. The default is 6.18. How entries move is what the policies say.",
        HelpName = "N.N",
        CustomParser = result =>
        {
            string name = result.Tokens[0].Value;
            if (KernelVersion.Parse(name) is { } version)
                return KernelProfile.Of(version.Major, version.Minor);
            result.AddError($"--kernel: found '{name}', expected a release such as 6.1");
            return null;
        },
    };

    private readonly Option<bool> _lenient = new(LenientName) { Description = "Count calls that can't be read as warnings, instead of stopping at the first." };

    private readonly Option<bool> _strict = new(StrictName) { Description = "Stop at lines that are no calls, too, such as the program's own output; without it they are counted and passed over." };

    /// <param name="policies">What the verb does with the policies.</param>
    internal LogOptions(string policies) => _policy = Choice.Several("--policy", policies, MovePolicyName.All, MovePolicyName.Of);

    /// <summary>Gives a verb the options.</summary>
    internal void AddTo(Command command)
    {
        command.Add(_policy);
        command.Add(_populate);
        _machine.AddTo(command);
        command.Add(_kernel);
        command.Add(_lenient);
        command.Add(_strict);
    }

    /// <summary>What they were given. Without a policy all are shown, and pageshift makes the moves; else the first makes them.</summary>
    internal LogSettings Read(ParseResult parsed)
    {
        MovePolicy[] policies = parsed.GetValue(_policy)!;
        if (parsed.GetValue(_lenient) && parsed.GetValue(_strict))
            throw new UsageException($"found {LenientName} and {StrictName}, expected one or the other");
        (PagingGeometry? geometry, MachineRequest machine) = _machine.Read(parsed);
        return new LogSettings
        {
            Policies = policies.Length == 0 ? MovePolicyName.All : [.. policies.Distinct()],
            Executing = policies.Length == 0 ? MovePolicy.PageShift : policies[0],
            Geometry = geometry ?? PagingGeometry.X86,
            MachineRequest = geometry is null ? machine : null,
            Profile = parsed.GetValue(_kernel) ?? KernelProfile.Default,
            Populate = Enum.Parse<PopulateAssumption>(parsed.GetValue(_populate)!, ignoreCase: true),
            Lenient = parsed.GetValue(_lenient),
            Strict = parsed.GetValue(_strict),
        };
    }

    /// <summary>Which option would go on behind a line that can't be read, as the end of a message; empty where none would.</summary>
    internal static string WayOn(ParseResult parsed, CallSyntaxException error)
    {
        if (error.IsOfWholeLog || error.Error.File == ExplainRun.WithOption)
            return "";
        if (IsGiven(StrictName) is true)
            return $" (without {StrictName} lines that are no calls are passed over)";
        if (IsGiven(LenientName) is not false)
            return "";
        return error.IsReadLeniently ? $" ({LenientName} reads such lines)" : $" ({LenientName} leaves such lines out)";

        bool? IsGiven(string name) => parsed.CommandResult.Command.Options.OfType<Option<bool>>().FirstOrDefault(o => o.Name == name) is { } option ? parsed.GetValue(option) : null;
    }

    /// <summary>True when a kernel is named.</summary>
    internal bool NamesKernel(ParseResult parsed) => parsed.GetValue(_kernel) is not null;

    /// <summary>True when a policy is named.</summary>
    internal bool NamesPolicy(ParseResult parsed) => parsed.GetValue(_policy)!.Length != 0;
}
