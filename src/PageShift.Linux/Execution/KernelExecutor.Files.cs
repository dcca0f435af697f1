using System.Text;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Units;

namespace PageShift.Linux.Execution;

/// <content>Files that the process may map. Descriptors 0 to 2 are /dev/null, so that the first is 3.</content>
public sealed partial class KernelExecutor
{
    private const int LastStandardDescriptor = 2;

    /// <summary>Makes a memory file (memfd_create) of a length, in the process.</summary>
    /// <param name="length">The length in bytes; pages beyond it fault with SIGBUS.</param>
    /// <returns>The descriptor, or the error.</returns>
    internal CallResult CreateMemoryFile(ByteLength length)
    {
        "pageshift-file\0"u8.CopyTo(_host.Scratch);
        CallResult created = RunUnchecked(CallNumber.MemfdCreate, new CallArguments(_host.ScratchAddress));
        if (created.IsError) return created;
        CallResult sized = ResizeFile((int)created.Raw, length);
        return sized.IsError ? sized : created;
    }

    /// <summary>Makes a file of memory that the kernel itself does not map (memfd_secret), of length 0, in the process.</summary>
    /// <returns>The descriptor, or the error: ENOSYS where the kernel was built or started without it.</returns>
    internal CallResult CreateSecretFile() => RunUnchecked(CallNumber.MemfdSecret, default);

    /// <summary>Opens a file in the process (openat).</summary>
    /// <param name="path">The path, at most 4,095 bytes of UTF-8.</param>
    /// <param name="flags">The kernel's O_ bits.</param>
    /// <returns>The descriptor, or the error.</returns>
    /// <exception cref="ArgumentException">The path is longer.</exception>
    internal CallResult OpenFile(string path, int flags)
    {
        const int longest = 4095;
        ArgumentNullException.ThrowIfNull(path);
        if (Encoding.UTF8.GetByteCount(path) > longest) throw new ArgumentException("The path is longer than 4,095 bytes.", nameof(path));
        Span<byte> scratch = _host.Scratch;
        scratch[Encoding.UTF8.GetBytes(path, scratch)] = 0;
        return RunUnchecked(CallNumber.Openat, new CallArguments(unchecked((ulong)Kernel.WorkingDirectory), _host.ScratchAddress, (ulong)flags));
    }

    /// <summary>Sets the length of an open file (ftruncate).</summary>
    /// <param name="descriptor">The descriptor in the process.</param>
    /// <param name="length">The length in bytes.</param>
    /// <returns>Zero, or the error; EBADF for a descriptor that is not the caller's to change.</returns>
    internal CallResult ResizeFile(int descriptor, ByteLength length) =>
        RunUnchecked(CallNumber.Ftruncate, new CallArguments(IsCallers(descriptor) ? (ulong)descriptor : ulong.MaxValue, length.Value));

    /// <summary>Closes a file (close).</summary>
    /// <param name="descriptor">The descriptor in the process.</param>
    /// <returns>Zero, or the error; EBADF for a descriptor that is not the caller's to close.</returns>
    internal CallResult CloseFile(int descriptor) =>
        IsCallers(descriptor) ? RunUnchecked(CallNumber.Close, new CallArguments((ulong)descriptor)) : Errno.BadFileDescriptor;

    private static bool IsCallers(int descriptor) => descriptor > LastStandardDescriptor;

    private CallResult RunUnchecked(CallNumber number, in CallArguments arguments) =>
        _host.Call(number, arguments, out CallResult result, out _) ? result : Errno.NoSuchProcess;
}
