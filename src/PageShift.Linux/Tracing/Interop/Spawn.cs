using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>posix_spawn(3): a child of the calling thread with this process's own environment, byte for byte.</summary>
internal static unsafe partial class Spawn
{
    /// <summary>sizeof(posix_spawnattr_t), in glibc and in musl.</summary>
    public const int AttributesBytes = 336;

    /// <summary>sizeof(sigset_t) of the C libraries (the kernel's is 8).</summary>
    public const int SignalSetBytes = 128;

    private const short ResetSignals = 0x04;

    /// <summary>Starts <paramref name="path"/> with <paramref name="arguments"/> (the first is its name). The signal
    /// <paramref name="defaultSignal"/> gets its default action; the others are inherited as exec does it.</summary>
    public static Errno Start(string path, IReadOnlyList<string> arguments, int defaultSignal, out int process)
    {
        byte* attributes = stackalloc byte[AttributesBytes];
        byte* signals = stackalloc byte[SignalSetBytes];
        new Span<byte>(signals, SignalSetBytes).Clear();
        signals[(defaultSignal - 1) / 8] = (byte)(1 << ((defaultSignal - 1) % 8));

        nint argumentBlock = AllocateArguments(arguments);
        int started = 0;
        _ = InitializeAttributes(attributes);
        _ = SetDefaultSignals(attributes, signals);
        _ = SetFlags(attributes, ResetSignals);
        int error = PosixSpawn(&started, path, 0, attributes, argumentBlock, Environment());
        _ = DestroyAttributes(attributes);
        FreeArguments(argumentBlock, arguments.Count);
        process = started;
        return (Errno)error;
    }

    private static nint AllocateArguments(IReadOnlyList<string> arguments)
    {
        var block = (nint*)NativeMemory.AllocZeroed((nuint)(arguments.Count + 1), (nuint)sizeof(nint));
        for (int i = 0; i < arguments.Count; i++)
            block[i] = Marshal.StringToCoTaskMemUTF8(arguments[i]);

        return (nint)block;
    }

    private static void FreeArguments(nint block, int count)
    {
        for (int i = 0; i < count; i++)
            Marshal.FreeCoTaskMem(((nint*)block)[i]);

        NativeMemory.Free((void*)block);
    }

    private static nint Environment() => *(nint*)NativeLibrary.GetExport(NativeLibrary.Load("libc", typeof(Spawn).Assembly, null), "environ");

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PosixSpawn(int* process, string path, nint fileActions, byte* attributes, nint arguments, nint environment);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int InitializeAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int DestroyAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaultSignals(byte* attributes, byte* signals);
}
