using System.Globalization;

namespace PageShift.Abi;

/// <summary>The C names of error numbers, and their usual descriptions.</summary>
public static class ErrnoName
{
    /// <summary>The C name of <paramref name="error"/>, such as EINVAL; the number where the name is not known here.</summary>
    public static string Of(Errno error) => error switch
    {
        Errno.None => "0",
        Errno.OperationNotPermitted => "EPERM",
        Errno.NoSuchEntry => "ENOENT",
        Errno.NoSuchProcess => "ESRCH",
        Errno.Interrupted => "EINTR",
        Errno.InputOutput => "EIO",
        Errno.NoExecutableFormat => "ENOEXEC",
        Errno.BadFileDescriptor => "EBADF",
        Errno.TryAgain => "EAGAIN",
        Errno.OutOfMemory => "ENOMEM",
        Errno.AccessDenied => "EACCES",
        Errno.BadAddress => "EFAULT",
        Errno.Busy => "EBUSY",
        Errno.AlreadyExists => "EEXIST",
        Errno.NoSuchDevice => "ENODEV",
        Errno.NotADirectory => "ENOTDIR",
        Errno.InvalidArgument => "EINVAL",
        Errno.UnknownRequest => "ENOTTY",
        Errno.FileTooLarge => "EFBIG",
        Errno.NoSpace => "ENOSPC",
        Errno.NotImplemented => "ENOSYS",
        Errno.ValueTooLarge => "EOVERFLOW",
        Errno.NotSupported => "EOPNOTSUPP",
        _ => ((int)error).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>The description that strace prints behind the name.</summary>
    public static string Describe(Errno error) => error switch
    {
        Errno.OperationNotPermitted => "Operation not permitted",
        Errno.NoSuchEntry => "No such file or directory",
        Errno.NoSuchProcess => "No such process",
        Errno.Interrupted => "Interrupted system call",
        Errno.InputOutput => "Input/output error",
        Errno.NoExecutableFormat => "Exec format error",
        Errno.BadFileDescriptor => "Bad file descriptor",
        Errno.TryAgain => "Resource temporarily unavailable",
        Errno.OutOfMemory => "Cannot allocate memory",
        Errno.AccessDenied => "Permission denied",
        Errno.BadAddress => "Bad address",
        Errno.Busy => "Device or resource busy",
        Errno.AlreadyExists => "File exists",
        Errno.NoSuchDevice => "No such device",
        Errno.NotADirectory => "Not a directory",
        Errno.InvalidArgument => "Invalid argument",
        Errno.UnknownRequest => "Inappropriate ioctl for device",
        Errno.FileTooLarge => "File too large",
        Errno.NoSpace => "No space left on device",
        Errno.NotImplemented => "Function not implemented",
        Errno.ValueTooLarge => "Value too large for defined data type",
        Errno.NotSupported => "Operation not supported",
        _ => "Unknown error",
    };

    /// <summary>The number behind a C name; false when the name is not one of those known here.</summary>
    internal static bool TryParse(ReadOnlySpan<char> name, out Errno error)
    {
        foreach (Errno candidate in Enum.GetValues<Errno>())
        {
            if (candidate != Errno.None && name.SequenceEqual(Of(candidate)))
            {
                error = candidate;
                return true;
            }
        }

        error = Errno.None;
        return false;
    }
}
