using System.CommandLine;
using PageShift.Calls;
using PageShift.Calls.Machines;
using PageShift.Cli.Files;
using PageShift.Cli.Output;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Output.Svg;
using PageShift.Cli.Walking;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Commands;

/// <summary><c>pageshift walk</c>: an address taken apart, as the processor does it.</summary>
internal static class WalkCommand
{
    private static readonly Argument<string> Address = new("ADDRESS") { Description = "An address of user space: a number such as 0x7f3a12345678, or an expression such as '128*MB + 1*MB'." };

    private static readonly Option<string> Format = CommonOptions.Format();

    private static readonly Option<string?> Svg = CommonOptions.Svg();

    private static readonly MachineOptions Machine = MachineOptions.OfNoLog();

    internal static Command Create()
    {
        var command = new Command("walk", "Take an address apart: its index in each page table, the way to its page, and what is congruent to it.") { Address, Format, Svg };
        Machine.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        (PagingGeometry? shape, MachineRequest asked) = Machine.Read(parsed);
        Machine? machine = shape is null ? MachineOptions.Named(asked) : null;
        PagingGeometry geometry = shape ?? machine!.ShownGeometry;
        ulong limit = machine?.Limit ?? geometry.UserLimit.Value;
        if (!IntegerExpression.TryParse(parsed.GetValue(Address)!, out ulong value, out string? error))
            throw new UsageException($"{Address.Name}: {error}");
        if (value >= limit)
            throw new UsageException($"{Address.Name}: found 0x{value:x}, expected an address of user space, which ends at 0x{limit:x}");
        var walk = new AddressWalk(new VirtualAddress(value), geometry, machine);
        PageFile.Write(Svg.Name, parsed.GetValue(Svg), stream => WalkSvg.Write(stream, walk));
        if (parsed.GetValue(Format) == "json")
            WalkJson.Write(walk);
        else
            WalkText.Write(walk);
        return ExitCode.Done;
    }
}
