using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>faccessat(2).</content>
internal static unsafe partial class Kernel
{
    private const int MayExecute = 1;

    /// <summary>Whether this process's user may execute a file: 0, EACCES, ENOENT, ...</summary>
    internal static CallResult FaccessatExecute(string path)
    {
        fixed (byte* name = ZeroTerminated(path))
            return Invoke(CallNumber.Faccessat, WorkingDirectory, (nint)name, MayExecute);
    }
}
