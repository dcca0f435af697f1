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
    case ["follow", .. var command] when command.Length != 0:
        return LiveProcess.Run(command);
    default:
        Console.Error.WriteLine("usage: first-space | emulator | compaction | follow COMMAND [ARGUMENT...]");
        return 2;
}
