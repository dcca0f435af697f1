using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>memfd_create(2): a file without a name in memory.</summary>
internal static unsafe class MemoryFile
{
    private const long Number = 319;
    private const nint CloseOnExec = 1;
    private const nint Executable = 0x10;

    /// <summary>Makes an empty memory file that may be executed. MFD_EXEC is unknown before Linux 6.3, where it is also not needed.</summary>
    internal static CallResult CreateExecutable(ReadOnlySpan<byte> zeroTerminatedName)
    {
        fixed (byte* name = zeroTerminatedName)
        {
            CallResult result = SystemCall.Invoke(Number, (nint)name, CloseOnExec | Executable);
            return result.Error == Errno.InvalidArgument ? SystemCall.Invoke(Number, (nint)name, CloseOnExec) : result;
        }
    }
}
