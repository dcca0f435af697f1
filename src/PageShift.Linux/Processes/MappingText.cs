using System.Buffers.Text;
using System.Text;
using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Linux.Processes;

/// <summary>Reads the text of /proc/PID/maps and /proc/PID/smaps.
/// A mapping's line is <c>start-end rwxs offset major:minor inode [name]</c>; in smaps its attributes follow, one a line.</summary>
internal static class MappingText
{
    /// <summary>Appends the mappings that touch <paramref name="range"/>.</summary>
    /// <exception cref="FormatException">The text is not what the kernel writes.</exception>
    internal static void Read(ReadOnlySpan<byte> text, AddressRange range, List<KernelMapping> into, bool withNames = false)
    {
        bool isWanted = false;
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            // Attribute names begin with a capital letter, addresses are in lower case.
            if (line.IsEmpty || line[0] is >= (byte)'A' and <= (byte)'Z')
            {
                if (isWanted && line.StartsWith("VmFlags:"u8)) into[^1] = into[^1] with { Flags = VmFlagsCode.Parse(line["VmFlags:"u8.Length..]) | (IsSpecial(into[^1].Name) ? VmFlags.Special : 0) };
                continue;
            }

            KernelMapping mapping = ParseLine(line, out ReadOnlySpan<byte> name);
            isWanted = mapping.Range.Overlaps(range) && !name.SequenceEqual("[vsyscall]"u8);
            if (isWanted) into.Add(withNames ? mapping with { Name = Encoding.UTF8.GetString(name) } : mapping);
        }
    }

    private static bool IsSpecial(string? name) => name is "[vdso]" or "[vvar]" or "[vvar_vclock]";

    private static KernelMapping ParseLine(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name)
    {
        ulong start = Hexadecimal(ref line);
        ulong end = Hexadecimal(ref line);
        if (line.Length < 5) throw new FormatException("A line of /proc/PID/maps ends before its protection.");
        Protection protection = (line[0] == 'r' ? Protection.Read : 0)
            | (line[1] == 'w' ? Protection.Write : 0)
            | (line[2] == 'x' ? Protection.Execute : 0);
        bool isShared = line[3] == 's';
        line = line[5..];
        ulong offset = Hexadecimal(ref line);
        uint major = (uint)Hexadecimal(ref line);
        uint minor = (uint)Hexadecimal(ref line);
        if (!Utf8Parser.TryParse(line, out ulong inode, out int used)) throw new FormatException("A line of /proc/PID/maps has no inode number.");
        name = line[used..].TrimStart((byte)' ');
        return new KernelMapping(new AddressRange(new VirtualAddress(start), new VirtualAddress(end)), protection, isShared,
            (inode | major | minor) == 0 ? 0 : offset, major, minor, inode);
    }

    // Takes a number and the character behind it.
    private static ulong Hexadecimal(ref ReadOnlySpan<byte> line)
    {
        if (!Utf8Parser.TryParse(line, out ulong value, out int used, 'x') || used == line.Length)
            throw new FormatException("A line of /proc/PID/maps has no number where one belongs.");
        line = line[(used + 1)..];
        return value;
    }
}
