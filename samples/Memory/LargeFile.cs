using System.Text;

namespace PageShift.Memory.Samples;

/// <summary>A large file of lines in memory, as an editor or a log tool holds it, of any size: blocks of lines are inserted and removed anywhere, and the file is written back. Beside it the same
/// stream is told to copy, in place, which is kinder than a list, which has no room for more than 2 GiB.</summary>
internal static class LargeFile
{
    private const int Edits = 40;
    private const int LineLength = 64;
    private const int Part = 1 << 20;

    internal static bool Run(TextWriter output, int megabytes)
    {
        string path = Path.GetTempFileName();
        try
        {
            WriteLines(path, ((long)megabytes << 20) / LineLength);
            using PageStream moved = Read(path, MoveStrategy.Cheapest);
            using PageStream copied = Read(path, MoveStrategy.Copy);
            long length = moved.Length;
            (TimeSpan moving, TimeSpan copying) = Edit(moved, copied);

            using (FileStream stored = File.Create(path))
                moved.WriteTo(stored);
            bool isSame = moved.Length == length && IsStored(path, copied);
            output.WriteLine($"a file of {megabytes} MiB of lines in memory: {Edits} blocks of lines inserted anywhere, and as many removed");
            output.WriteLine($"  the bytes behind them copied: {Clock.Text(copying / (2 * Edits))} an edit");
            output.WriteLine($"  their pages moved:            {Clock.Text(moving / (2 * Edits))} an edit, {moved.Buffer.PieceCount} mappings");
            output.WriteLine($"  {Clock.Saved(moving, copying)} in all; the two are {(isSame ? "the same" : "DIFFERENT")}");
            return isSame;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static PageStream Read(string path, MoveStrategy strategy)
    {
        using FileStream stored = File.OpenRead(path);
        var stream = new PageStream(new PageBuffer(0, new PageBufferOptions { Capacity = 2 * stored.Length, Strategy = strategy }), leavesOpen: false);
        stored.CopyTo(stream, Part);
        return stream;
    }

    private static (TimeSpan Moving, TimeSpan Copying) Edit(PageStream moved, PageStream copied)
    {
        var random = new Random(1);
        int block = Math.Max(MemoryCapabilities.PageSize, 2 << 20); // whole lines, as a page is a multiple of their length
        byte[] lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('+', LineLength - 1) + "\n", block / LineLength)));
        TimeSpan moving = default;
        TimeSpan copying = default;
        long last = (moved.Length - block) / LineLength;
        for (int edit = 0; edit < Edits; edit++)
        {
            long at = random.NextInt64(last) * LineLength;
            long removed = random.NextInt64(last) * LineLength;
            moving += Clock.Time(() => Splice(moved, lines, at, removed));
            copying += Clock.Time(() => Splice(copied, lines, at, removed));
        }

        return (moving, copying);
    }

    private static void Splice(PageStream file, byte[] lines, long at, long removed)
    {
        file.Insert(at, lines.Length);
        lines.CopyTo(file.GetSpan(at, lines.Length));
        file.Remove(removed, lines.Length);
    }

    private static bool IsStored(string path, PageStream expected)
    {
        using FileStream stored = File.OpenRead(path);
        var part = new byte[Part];
        for (long at = 0; at < expected.Length; at += Part)
        {
            var length = (int)Math.Min(Part, expected.Length - at);
            stored.ReadExactly(part, 0, length);
            if (!expected.GetSpan(at, length).SequenceEqual(part.AsSpan(0, length)))
                return false;
        }

        return stored.Length == expected.Length;
    }

    private static void WriteLines(string path, long lines)
    {
        using var writer = new StreamWriter(path);
        for (long line = 0; line < lines; line++)
            writer.Write($"{line,LineLength - 1}\n");
    }
}
