using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>posix_spawn(3): starts a program without running managed code between fork and exec.
/// System.Diagnostics.Process is not used, because its handling of SIGCHLD and a tracer in the same process disagree.</summary>
internal static unsafe partial class ProcessSpawn
{
    // Larger than posix_spawn_file_actions_t (80) and posix_spawnattr_t (336) of glibc and of musl.
    private const int OpaqueBytes = 512;
    private const short SetSignalDefaultsAndMask = 0x04 | 0x08;
    private const int SignalSetBytes = 128;

    /// <summary>Starts <paramref name="path"/> with an empty environment, /dev/null as its standard streams, default signals
    /// and <paramref name="descriptor"/> as its descriptor <paramref name="asDescriptor"/>.</summary>
    internal static CallResult Start(string path, int descriptor, int asDescriptor)
    {
        byte* actions = stackalloc byte[OpaqueBytes];
        byte* attributes = stackalloc byte[OpaqueBytes];
        byte* signals = stackalloc byte[SignalSetBytes];
        nint* nothing = stackalloc nint[1];
        nothing[0] = 0;

        int error = InitializeActions(actions);
        if (error != 0) return (Errno)error;
        error = InitializeAttributes(attributes);
        if (error == 0)
        {
            error = Prepare(actions, attributes, signals, descriptor, asDescriptor);
            int processId = 0;
            if (error == 0) error = Spawn(out processId, path, actions, attributes, nothing, nothing);
            _ = DestroyAttributes(attributes);
            _ = DestroyActions(actions);
            return error == 0 ? new CallResult(processId) : (Errno)error;
        }

        _ = DestroyActions(actions);
        return (Errno)error;
    }

    private static int Prepare(byte* actions, byte* attributes, byte* signals, int descriptor, int asDescriptor)
    {
        int error = AddDuplicate(actions, descriptor, asDescriptor);
        for (int stream = 0; stream <= 2 && error == 0; stream++)
            error = AddOpen(actions, stream, "/dev/null", FileDescriptor.ReadWrite, 0);
        new Span<byte>(signals, SignalSetBytes).Fill(0xff);
        if (error == 0) error = SetDefaults(attributes, signals);
        new Span<byte>(signals, SignalSetBytes).Clear();
        if (error == 0) error = SetMask(attributes, signals);
        return error == 0 ? SetFlags(attributes, SetSignalDefaultsAndMask) : error;
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int InitializeActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int DestroyActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDuplicate(byte* actions, int descriptor, int asDescriptor);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddOpen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int InitializeAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int DestroyAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(out int processId, string path, byte* actions, byte* attributes, nint* arguments, nint* environment);
}
