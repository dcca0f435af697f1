using System.Runtime.InteropServices;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Units;

namespace PageShift.Linux.Processes;

/// <content>The mappings: by the PROCMAP_QUERY request of /proc/PID/maps where the kernel has it (6.11), else from the file's text; all
/// flags from /proc/PID/smaps.</content>
public sealed partial class ProcessReader
{
    private const int FirstTextBytes = 1 << 16;

    private byte[] _text = [];
    private bool _canQuery;

    /// <summary>Appends the mappings that touch <paramref name="range"/>, in ascending order.</summary>
    /// <returns>False when the process has ended.</returns>
    public bool ReadMappings(AddressRange range, List<KernelMapping> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        return ReadMappings(range, into, range.End);
    }

    /// <summary>The same, and may leave out what follows a mapping that ends at <paramref name="enough"/> or beyond: every mapping is a request of its own.</summary>
    internal bool ReadMappings(AddressRange range, List<KernelMapping> into, VirtualAddress enough) =>
        _canQuery ? Query(range, into, enough) : ReadText(_maps, range, into);

    /// <summary>Appends the mappings that touch <paramref name="range"/>, in ascending order, with their names.</summary>
    /// <returns>False when the process has ended.</returns>
    public bool ReadMappingsWithNames(AddressRange range, List<KernelMapping> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        return ReadText(_maps, range, into, withNames: true);
    }

    /// <summary>Appends the mappings that touch <paramref name="range"/>, in ascending order, with all their flags, and their names.
    /// The kernel counts pages for this, so that it costs in proportion to the present pages of all mappings.</summary>
    /// <returns>False when the process has ended or may not be read.</returns>
    internal bool ReadMappingsWithFlags(AddressRange range, List<KernelMapping> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        return _smaps is not null && ReadText(_smaps, range, into, withNames: true);
    }

    private bool Query(AddressRange range, List<KernelMapping> into, VirtualAddress enough)
    {
        for (ulong position = range.Start.Value; position < range.End.Value;)
        {
            CallResult found = Kernel.IoctlMapQuery(_maps, position, out MapQuery answer);
            if (found.Error == Errno.NoSuchEntry) return true;
            if (found.Error == Errno.UnknownRequest)
            {
                _canQuery = false;
                return ReadText(_maps, range, into);
            }

            if (found.IsError) return false;
            if (answer.Start >= range.End.Value) return true;
            into.Add(FromAnswer(answer));
            if (answer.End >= enough.Value) return true;
            position = answer.End;
        }

        return true;
    }

    private static KernelMapping FromAnswer(in MapQuery answer) => new(
        new AddressRange(new VirtualAddress(answer.Start), new VirtualAddress(answer.End)),
        ((answer.MappingFlags & MapQueryFlags.Readable) != 0 ? Protection.Read : 0)
            | ((answer.MappingFlags & MapQueryFlags.Writable) != 0 ? Protection.Write : 0)
            | ((answer.MappingFlags & MapQueryFlags.Executable) != 0 ? Protection.Execute : 0),
        (answer.MappingFlags & MapQueryFlags.Shared) != 0,
        answer.FileOffset,
        answer.DeviceMajor, answer.DeviceMinor, answer.Inode)
    {
        PageBytes = answer.PageBytes,
    };

    private bool ReadText(SafeHandle file, AddressRange range, List<KernelMapping> into, bool withNames = false)
    {
        if (_text.Length == 0) _text = new byte[FirstTextBytes];
        int length = 0;
        while (true)
        {
            CallResult read = Kernel.Pread64(file, _text.AsSpan(length), (ulong)length);
            if (read.IsError) return false;
            if (read.Raw == 0) break;
            length += (int)read.Raw;
            if (length == _text.Length) Array.Resize(ref _text, _text.Length * 2);
        }

        MappingText.Read(_text.AsSpan(0, length), range, into, withNames);
        // A process without a single mapping can't be alive.
        return length > 0;
    }
}
