using System.Globalization;
using PageShift.Memory;
using PageShift.Memory.Samples;

const int DefaultMegabytes = 256;
int megabytes = args.Length > 1 && int.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given >= 16 ? given : DefaultMegabytes;
_ = MoveCosts.Current; // measured once for each process; not part of what is timed
switch (args)
{
    case ["arrow", ..]:
        ArrowColumns.Run(Console.Out, megabytes);
        return 0;
    case ["window", ..]:
        SlidingWindow.Run(Console.Out, megabytes);
        return 0;
    case ["file", ..]:
        LargeFile.Run(Console.Out, megabytes);
        return 0;
    case ["heap", ..]:
        CompactingHeap.Run(Console.Out, megabytes);
        return 0;
    case ["crossover", var file]:
        Crossover.Run(Console.Out, file, DefaultMegabytes);
        return 0;
    default:
        Console.Error.WriteLine("usage: arrow | window | file | heap  [MEGABYTES, at least 16]; or crossover FILE");
        return 2;
}
