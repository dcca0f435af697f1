using System.Globalization;
using PageShift.Memory;
using PageShift.Memory.Samples;

const int DefaultMegabytes = 256;
const int Least = 16;
const int MostInOneSpan = 2047;
int megabytes = args.Length < 2 ? DefaultMegabytes : int.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : 0; // which none takes
_ = MoveCosts.Current; // measured once for each process; not part of what is timed
switch (args)
{
    case ["arrow", ..] when megabytes is >= Least and <= MostInOneSpan:
        return ArrowColumns.Run(Console.Out, megabytes) ? 0 : 1;
    case ["window", ..] when megabytes is >= Least and <= MostInOneSpan:
        return SlidingWindow.Run(Console.Out, megabytes) ? 0 : 1;
    case ["file", ..] when megabytes >= Least:
        return LargeFile.Run(Console.Out, megabytes) ? 0 : 1;
    case ["heap", ..] when megabytes >= Least:
        return CompactingHeap.Run(Console.Out, megabytes) ? 0 : 1;
    case ["crossover", var file]:
        try
        {
            using var picture = new StreamWriter(file); // before all is measured
            Crossover.Run(Console.Out, picture, DefaultMegabytes);
            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{file}: can't be written: {exception.Message}");
            return 2;
        }

    default:
        Console.Error.WriteLine($"usage: arrow | window | file | heap  [MEGABYTES, from {Least} on; arrow and window up to {MostInOneSpan}]; or crossover FILE");
        return 2;
}
