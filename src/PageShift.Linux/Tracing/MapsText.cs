using System.Buffers.Text;
using System.Text;
using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>Reads the text of /proc/PID/maps, and of /proc/PID/smaps, which has the same lines with details behind each.
/// <code>
/// 7f1c00000000-7f1c00021000 rw-p 00000000 fe:00 1234                       /path
/// VmFlags: rd wr mr mw me ac
/// </code></summary>
internal static class MapsText
{
    private static ReadOnlySpan<byte> FlagsTitle => "VmFlags:"u8;

    /// <summary>Appends the mappings of <paramref name="text"/> to <paramref name="mappings"/>.</summary>
    /// <exception cref="FormatException">The text is not of this form.</exception>
    public static void Parse(ReadOnlySpan<byte> text, List<TracedMapping> mappings)
    {
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (line.StartsWith(FlagsTitle))
                mappings[^1] = mappings[^1] with { Flags = VmFlagCode.ParseLine(line[FlagsTitle.Length..]) };
            else if (!line.IsEmpty && !char.IsAsciiLetterUpper((char)line[0]))
                mappings.Add(ParseMapping(line));
        }
    }

    private static TracedMapping ParseMapping(ReadOnlySpan<byte> line)
    {
        ulong start = TakeHex(ref line, '-');
        ulong end = TakeHex(ref line, ' ');
        ReadOnlySpan<byte> permissions = Take(ref line, ' ');
        if (permissions.Length != 4)
            throw new FormatException("A line of the maps file has no permissions.");

        ulong offset = TakeHex(ref line, ' ');
        ulong major = TakeHex(ref line, ':');
        ulong minor = TakeHex(ref line, ' ');
        ReadOnlySpan<byte> inode = Take(ref line, ' ');
        if (!Utf8Parser.TryParse(inode, out ulong inodeNumber, out int used) || used != inode.Length)
            throw new FormatException("A line of the maps file has no inode.");

        return new TracedMapping
        {
            Range = new AddressRange(new VirtualAddress(start), new VirtualAddress(end)),
            Protection = (permissions[0] == 'r' ? Protection.Read : 0) | (permissions[1] == 'w' ? Protection.Write : 0)
                | (permissions[2] == 'x' ? Protection.Execute : 0),
            IsShared = permissions[3] == 's',
            OffsetBytes = offset,
            Device = (major << 20) | minor,
            Inode = inodeNumber,
            Name = Encoding.UTF8.GetString(line.TrimStart((byte)' ')),
        };
    }

    private static ulong TakeHex(ref ReadOnlySpan<byte> line, char delimiter)
    {
        ReadOnlySpan<byte> digits = Take(ref line, delimiter);
        return Utf8Parser.TryParse(digits, out ulong value, out int used, 'x') && used == digits.Length
            ? value
            : throw new FormatException("A line of the maps file has no number where one belongs.");
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> line, char delimiter)
    {
        int end = line.IndexOf((byte)delimiter);
        ReadOnlySpan<byte> field = end < 0 ? line : line[..end];
        line = end < 0 ? default : line[(end + 1)..];
        return field;
    }
}
