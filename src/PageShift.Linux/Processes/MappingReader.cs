using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux;

/// <summary>Tells the mappings of a process: by the PROCMAP_QUERY request of /proc/PID/maps where the kernel has it (6.11),
/// else from the file's text; all flags from /proc/PID/smaps.
/// Thread safety: none; one thread at a time.</summary>
public sealed class MappingReader : IDisposable
{
    private const string Name = "maps";
    private const int NotOpened = -1;
    private const int FirstTextBytes = 1 << 16;

    private readonly int _processId;
    private readonly int _mapsDescriptor;
    private int _smapsDescriptor = NotOpened;
    private byte[] _text = [];
    private bool _canQuery;

    private MappingReader(int processId, int mapsDescriptor, bool canQuery)
    {
        _processId = processId;
        _mapsDescriptor = mapsDescriptor;
        _canQuery = canQuery;
    }

    /// <summary>Opens the mappings of a process. The reader stays with the address space that the process has now, also after an exec.</summary>
    /// <exception cref="IOException">The process does not exist or may not be read.</exception>
    public static MappingReader Open(int processId) =>
        TryOpen(processId, canQuery: true, out CallResult opened) ?? throw ProcessFile.Failure(processId, Name, opened);

    /// <summary>Appends the mappings that touch <paramref name="range"/>, in ascending order.</summary>
    /// <returns>False when the process has ended.</returns>
    public bool Read(AddressRange range, List<KernelMapping> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        return _canQuery ? Query(range, into) : ReadText(_mapsDescriptor, range, into);
    }

    /// <summary>Appends the mappings that touch <paramref name="range"/>, in ascending order, with all their flags, and their names.
    /// The kernel counts pages for this, so that it costs in proportion to the present pages of all mappings.</summary>
    /// <returns>False when the process has ended or may not be read.</returns>
    public bool ReadWithFlags(AddressRange range, List<KernelMapping> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        if (_smapsDescriptor == NotOpened)
        {
            CallResult opened = ProcessFile.Open(_processId, "smaps");
            if (opened.IsError) return false;
            _smapsDescriptor = (int)opened.Raw;
        }

        return ReadText(_smapsDescriptor, range, into, withNames: true);
    }

    /// <summary>Appends the mappings that touch <paramref name="range"/>, in ascending order, with their names.</summary>
    /// <returns>False when the process has ended.</returns>
    public bool ReadWithNames(AddressRange range, List<KernelMapping> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        return ReadText(_mapsDescriptor, range, into, withNames: true);
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        _ = FileDescriptor.Close(_mapsDescriptor);
        if (_smapsDescriptor != NotOpened) _ = FileDescriptor.Close(_smapsDescriptor);
    }

    /// <summary>Opens the mappings of a process, or says why not. The caller chooses between the two ways, so that tests can compare them.</summary>
    internal static MappingReader? TryOpen(int processId, bool canQuery, out CallResult opened)
    {
        opened = ProcessFile.Open(processId, Name);
        return opened.IsError ? null : new MappingReader(processId, (int)opened.Raw, canQuery);
    }

    private bool Query(AddressRange range, List<KernelMapping> into)
    {
        for (ulong position = range.Start.Value; position < range.End.Value;)
        {
            CallResult found = ProcMapQuery.Next(_mapsDescriptor, position, out ProcMapQuery.Answer answer);
            if (found.Error == Errno.NoSuchEntry) return true;
            if (found.Error == FileDescriptor.RequestUnknown)
            {
                _canQuery = false;
                return ReadText(_mapsDescriptor, range, into);
            }

            if (found.IsError) return false;
            if (answer.Start >= range.End.Value) return true;
            into.Add(FromAnswer(answer));
            position = answer.End;
        }

        return true;
    }

    private static KernelMapping FromAnswer(in ProcMapQuery.Answer answer) => new(
        new AddressRange(new VirtualAddress(answer.Start), new VirtualAddress(answer.End)),
        ((answer.MappingFlags & ProcMapQuery.Readable) != 0 ? Protection.Read : 0)
            | ((answer.MappingFlags & ProcMapQuery.Writable) != 0 ? Protection.Write : 0)
            | ((answer.MappingFlags & ProcMapQuery.Executable) != 0 ? Protection.Execute : 0),
        (answer.MappingFlags & ProcMapQuery.Shared) != 0,
        // The request tells an anonymous mapping's own offset, which the text hides.
        answer.Inode == 0 ? 0 : answer.FileOffset,
        answer.DeviceMajor, answer.DeviceMinor, answer.Inode);

    private bool ReadText(int descriptor, AddressRange range, List<KernelMapping> into, bool withNames = false)
    {
        if (_text.Length == 0) _text = new byte[FirstTextBytes];
        int length = 0;
        while (true)
        {
            CallResult read = FileDescriptor.ReadAt(descriptor, _text.AsSpan(length), (ulong)length);
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
