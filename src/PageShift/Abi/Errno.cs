namespace PageShift.Abi;

/// <summary>The error numbers that the memory system calls return on Linux x86-64, and the calls around them.
/// Source: <c>include/uapi/asm-generic/errno-base.h</c> and <c>errno.h</c> (values).</summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>EPERM: operation not permitted.</summary>
    OperationNotPermitted = 1,

    /// <summary>ENOENT: no such file or directory.</summary>
    NoSuchEntry = 2,

    /// <summary>ESRCH: no such process.</summary>
    NoSuchProcess = 3,

    /// <summary>EINTR: interrupted system call.</summary>
    Interrupted = 4,

    /// <summary>EIO: input or output error.</summary>
    InputOutput = 5,

    /// <summary>ENOEXEC: the file's format is not one that the kernel runs.</summary>
    NoExecutableFormat = 8,

    /// <summary>EBADF: bad file descriptor.</summary>
    BadFileDescriptor = 9,

    /// <summary>EAGAIN: resource temporarily unavailable.</summary>
    TryAgain = 11,

    /// <summary>ENOMEM: cannot allocate memory.</summary>
    OutOfMemory = 12,

    /// <summary>EACCES: permission denied.</summary>
    AccessDenied = 13,

    /// <summary>EFAULT: bad address.</summary>
    BadAddress = 14,

    /// <summary>EBUSY: device or resource busy.</summary>
    Busy = 16,

    /// <summary>EEXIST: already exists.</summary>
    AlreadyExists = 17,

    /// <summary>ENODEV: no such device.</summary>
    NoSuchDevice = 19,

    /// <summary>ENOTDIR: a component of the path is not a directory.</summary>
    NotADirectory = 20,

    /// <summary>EINVAL: invalid argument.</summary>
    InvalidArgument = 22,

    /// <summary>ENOTTY: the file does not know this request of ioctl.</summary>
    UnknownRequest = 25,

    /// <summary>EFBIG: file too large.</summary>
    FileTooLarge = 27,

    /// <summary>No space left: a table of the kernel's is full (ENOSPC).</summary>
    NoSpace = 28,

    /// <summary>ENOSYS: function not implemented.</summary>
    NotImplemented = 38,

    /// <summary>EOVERFLOW: value too large for its type.</summary>
    ValueTooLarge = 75,

    /// <summary>EOPNOTSUPP: operation not supported.</summary>
    NotSupported = 95,
}
