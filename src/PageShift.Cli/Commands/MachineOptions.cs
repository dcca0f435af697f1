using System.CommandLine;
using PageShift.Calls.Machines;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Checking;

namespace PageShift.Cli.Commands;

/// <summary>The options that say which page tables there are: those of a machine, or of a shape.</summary>
internal sealed class MachineOptions
{
    private static readonly string[] PageSizes = ["4K", "16K", "64K"];

    private readonly Option<PagingGeometry?> _geometry = new("--geometry")
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

    private readonly Option<string?> _architecture;
    private readonly Option<string?> _pageSize;
    private readonly Option<int?> _addressBits;

    private MachineOptions(string architecture, string pageSize, string addressBits)
    {
        _architecture = Choice.OptionalOne("--arch", architecture, [.. ArchitectureName.All.Select(ArchitectureName.Of)]);
        _pageSize = Choice.OptionalOne("--page-size", pageSize, PageSizes);
        _addressBits = Choice.OptionalNumber("--address-bits", addressBits, 32, 56);
    }

    /// <summary>Those of a verb that reads a log, in which the machine is looked for.</summary>
    internal static MachineOptions OfLog() => new(
        "The processor that the log is from. Without this option, it is found in the log; if nothing there says another, x86-64 is taken.",
        "The size of its pages. Without this option, it is found in the log.",
        "How many bits its user addresses have, such as 48 or 39. Without this option, it is found in the log.");

    /// <summary>Those of a verb that reads none.</summary>
    internal static MachineOptions OfNoLog() => new(
        "The processor. The default is x86-64.",
        "The size of its pages. The default is the processor's usual size.",
        "How many bits its user addresses have, such as 48 or 39. The default is the processor's usual number.");

    /// <summary>Gives a verb the options.</summary>
    internal void AddTo(Command command)
    {
        command.Add(_geometry);
        command.Add(_architecture);
        command.Add(_pageSize);
        command.Add(_addressBits);
    }

    /// <summary>What they were given: a shape, or what is known of a machine, or neither.</summary>
    internal (PagingGeometry? Geometry, MachineRequest Machine) Read(ParseResult parsed)
    {
        PagingGeometry? geometry = parsed.GetValue(_geometry);
        string? architecture = parsed.GetValue(_architecture);
        string? pageSize = parsed.GetValue(_pageSize);
        var machine = new MachineRequest(
            architecture is null ? null : ArchitectureName.All.First(a => ArchitectureName.Of(a) == architecture),
            pageSize is null ? null : PageSize.Shift + (2 * Array.IndexOf(PageSizes, pageSize)),
            parsed.GetValue(_addressBits));
        if (geometry is not null && !machine.IsEmpty)
            throw new UsageException("found --geometry and a machine, expected one or the other: --arch, --page-size and --address-bits say which tables there are");
        return (geometry, machine);
    }

    /// <summary>The machine that options name by themselves, without a log.</summary>
    /// <exception cref="UsageException">There is none like that.</exception>
    internal static Machine Named(MachineRequest asked)
    {
        try
        {
            return new MachineEvidence().Choose(asked, statedPageSize: 0);
        }
        catch (UnsupportedMachineException error)
        {
            throw new UsageException(error.Message);
        }
    }
}
