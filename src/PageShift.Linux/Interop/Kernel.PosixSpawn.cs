using System.Globalization;
using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>posix_spawn(3), which is no system call: between fork and exec no managed code may run.
/// System.Diagnostics.Process is not used, because its handling of SIGCHLD and a tracer in the same process disagree.</content>
internal static unsafe partial class Kernel
{
    /// <summary>sizeof(posix_spawnattr_t), in glibc and in musl.</summary>
    internal const int SpawnAttributesBytes = 336;

    /// <summary>sizeof(posix_spawn_file_actions_t), in glibc and in musl.</summary>
    internal const int SpawnActionsBytes = 80;

    /// <summary>sizeof(sigset_t) of the C libraries.</summary>
    internal const int SpawnSignalSetBytes = 128;

    private const short SetsProcessGroup = 0x02;
    private const short SetsDefaultSignals = 0x04;
    private const short SetsSignalMask = 0x08;
    private const int ReadWriteMode = 2;
    private const int LastStandardStream = 2;

    /// <summary>Starts the program in <paramref name="file"/> as a child of the calling thread, with this process's own environment, byte for byte.</summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments, the first of which is its name.</param>
    /// <param name="defaultSignal">The signal that gets its default action; the others are inherited as exec does it.</param>
    /// <returns>The process.</returns>
    internal static CallResult PosixSpawn(SafeHandle file, IReadOnlyList<string> arguments, int defaultSignal)
    {
        byte* attributes = stackalloc byte[SpawnAttributesBytes];
        _ = InitializeAttributes(attributes);
        int error = SetSignals(attributes, Bit(defaultSignal), blocked: 0, SetsDefaultSignals);
        nint* block = AllocateArguments(arguments);
        CallResult started = error == 0 ? Spawn(file, null, attributes, block, Environment()) : (Errno)error;
        FreeArguments(block, arguments.Count);
        _ = DestroyAttributes(attributes);
        return started;
    }

    /// <summary>Starts the program in <paramref name="file"/> with nothing of this process: no arguments, an empty environment, /dev/null as its standard
    /// streams, default signals, a process group of its own, and the file itself as its descriptor <paramref name="asDescriptor"/>. The signals that a terminal or a shell sends to a group are blocked from its
    /// beginning on: one that comes before it is in its own group would end it.</summary>
    /// <returns>The process.</returns>
    internal static CallResult PosixSpawnIsolated(SafeHandle file, int asDescriptor)
    {
        byte* actions = stackalloc byte[SpawnActionsBytes];
        byte* attributes = stackalloc byte[SpawnAttributesBytes];
        nint* nothing = stackalloc nint[1] { 0 };
        _ = InitializeActions(actions);
        _ = InitializeAttributes(attributes);
        using var held = new Held(file);
        int error = AddDuplicate(actions, (int)held.Descriptor, asDescriptor);
        for (int stream = 0; stream <= LastStandardStream && error == 0; stream++)
            error = AddOpen(actions, stream, "/dev/null", ReadWriteMode, 0);
        if (error == 0)
            error = SetSignals(attributes, ulong.MaxValue, GroupSignals, SetsProcessGroup | SetsDefaultSignals | SetsSignalMask);
        CallResult started = error == 0 ? Spawn(file, actions, attributes, nothing, nothing) : (Errno)error;
        _ = DestroyAttributes(attributes);
        _ = DestroyActions(actions);
        return started;
    }

    private static CallResult Spawn(SafeHandle file, byte* actions, byte* attributes, nint* arguments, nint* environment)
    {
        using var held = new Held(file);
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{held.Descriptor}");
        int error = Spawn(out int process, path, actions, attributes, arguments, environment);
        return error == 0 ? new CallResult(process) : (Errno)error;
    }

    private static ulong GroupSignals => Bit(Signals.Hangup) | Bit(Signals.Interrupt) | Bit(Signals.Quit) | Bit(Signals.Terminate) | Bit(Signals.TerminalStop);

    private static ulong Bit(int signal) => 1UL << (signal - 1);

    /// <summary>Chooses the signals that get their default action, a bit for each from the lowest, and the mask where it is set.</summary>
    private static int SetSignals(byte* attributes, ulong defaults, ulong blocked, int flags)
    {
        ulong* signals = stackalloc ulong[SpawnSignalSetBytes / sizeof(ulong)];
        new Span<ulong>(signals, SpawnSignalSetBytes / sizeof(ulong)).Clear();
        signals[0] = blocked;
        int error = SetMask(attributes, signals);
        signals[0] = defaults;
        if (error == 0)
            error = SetDefaults(attributes, signals);
        return error == 0 ? SetFlags(attributes, (short)flags) : error;
    }

    private static nint* AllocateArguments(IReadOnlyList<string> arguments)
    {
        var block = (nint*)NativeMemory.AllocZeroed((nuint)(arguments.Count + 1), (nuint)sizeof(nint));
        for (int i = 0; i < arguments.Count; i++)
            block[i] = Marshal.StringToCoTaskMemUTF8(arguments[i]);

        return block;
    }

    private static void FreeArguments(nint* block, int count)
    {
        for (int i = 0; i < count; i++)
            Marshal.FreeCoTaskMem(block[i]);

        NativeMemory.Free(block);
    }

    private static nint* Environment() => *(nint**)NativeLibrary.GetExport(NativeLibrary.Load("libc", typeof(Kernel).Assembly, null), "environ");

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(out int process, string path, byte* actions, byte* attributes, nint* arguments, nint* environment);

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
    private static partial int SetDefaults(byte* attributes, ulong* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(byte* attributes, ulong* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(byte* attributes, short flags);
}
