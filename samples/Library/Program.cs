using PageShift.Samples;

switch (args)
{
    case ["first-space"]:
        FirstSpace.Run();
        return 0;
    case ["emulator"]:
        return ToyEmulator.Run();
    case ["compaction"]:
        Compaction.Run();
        return 0;
    case ["files"]:
        FileMappings.Run();
        return 0;
    case ["log", var path]:
        LogCosts.Run(path);
        return 0;
    case ["follow", .. var command] when command.Length != 0:
        return LiveProcess.Run(command);
    default:
        Console.Error.WriteLine("usage: first-space | emulator | compaction | files | log FILE | follow COMMAND [ARGUMENT...]");
        return 2;
}
