using System.Text;

namespace PageShift.Memory.Samples;

/// <summary>A large file of lines in memory, as an editor or a log tool holds it: blocks of lines are inserted and removed anywhere, and the file is written back.</summary>
internal static class LargeFile
{
    private const int Edits = 40;
    private const int LineLength = 64;

    internal static bool Run(TextWriter output, int megabytes)
    {
        string path = Path.GetTempFileName();
        try
        {
            WriteLines(path, ((long)megabytes << 20) / LineLength);
            using var file = new PageStream();
            using (FileStream stored = File.OpenRead(path))
                stored.CopyTo(file, 1 << 20);
            byte[] array = File.ReadAllBytes(path);
            long length = file.Length;
            (TimeSpan moving, TimeSpan copying) = Edit(file, array);

            using (FileStream stored = File.Create(path))
                file.WriteTo(stored);
            bool isSame = new FileInfo(path).Length == length && file.GetSpan(0, array.Length).SequenceEqual(array);
            output.WriteLine($"a file of {megabytes} MiB of lines in memory: {Edits} blocks of lines inserted in the middle, and others removed");
            output.WriteLine($"  an array, copied apart and together: {Clock.Text(copying / (2 * Edits))} an edit");
            output.WriteLine($"  pages inserted and removed:          {Clock.Text(moving / (2 * Edits))} an edit, {file.Buffer.PieceCount} mappings");
            output.WriteLine($"  {Clock.Saved(moving, copying)} in all; the two are {(isSame ? "the same" : "DIFFERENT")}");
            return isSame;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (TimeSpan Moving, TimeSpan Copying) Edit(PageStream file, byte[] array)
    {
        var random = new Random(1);
        int block = Math.Max(MemoryCapabilities.PageSize, 2 << 20); // whole lines, as a page is a multiple of their length
        byte[] lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('+', LineLength - 1) + "\n", block / LineLength)));
        TimeSpan moving = default;
        TimeSpan copying = default;
        for (int edit = 0; edit < Edits; edit++)
        {
            int at = random.Next((array.Length - block) / LineLength) * LineLength;
            int removed = random.Next((array.Length - block) / LineLength) * LineLength;
            moving += Clock.Time(() =>
            {
                file.Insert(at, block);
                lines.CopyTo(file.GetSpan(at, block));
                file.Remove(removed, block);
            });
            copying += Clock.Time(() => Splice(array, lines, at, removed));
        }

        return (moving, copying);
    }

    /// <summary>The same in an array with room for a block: the block goes in at one place, and as many bytes out at another.</summary>
    private static void Splice(byte[] array, byte[] lines, int at, int removed)
    {
        var larger = new byte[array.Length + lines.Length]; // a list would have had to grow too
        array.AsSpan(0, at).CopyTo(larger);
        lines.CopyTo(larger, at);
        array.AsSpan(at).CopyTo(larger.AsSpan(at + lines.Length));
        larger.AsSpan(0, removed).CopyTo(array);
        larger.AsSpan(removed + lines.Length).CopyTo(array.AsSpan(removed));
    }

    private static void WriteLines(string path, long lines)
    {
        using var writer = new StreamWriter(path);
        for (long line = 0; line < lines; line++)
            writer.Write($"{line,LineLength - 1}\n");
    }
}
